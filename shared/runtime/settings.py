"""What differs between one deployment and another, read once from the environment."""

import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every name below is an environment variable in upper case; an empty one counts as absent.

    With `_FILE` behind its name, a variable names a file that holds the value: that is how secrets are handed over.
    """

    database_url: str = ""  # as ventros_app
    resolver_database_url: str = ""  # as ventros_resolver: login, and tokens of outside issuers
    relay_database_url: str = ""  # as ventros_relay: relay and sweepers only
    observer_database_url: str = ""  # as ventros_observer: figures over all tenants
    database_ca: str = ""  # path of the certificate authority; empty means no TLS
    encryption_keys: str = ""  # "id:base64 of 32 bytes", comma-separated; the first one seals
    token_issuer: str = "https://issuer.ventros.local"  # noqa: S105 - a name, not a secret
    token_audience: str = "ventros-api"  # noqa: S105 - as above
    token_signing_key: str = ""  # PEM, where tokens are issued
    token_public_keys: str = ""  # a JWKS document, where they are verified
    token_issuers: str = ""  # outside ones: a JSON list of {issuer, audience, jwks_url, algorithms}
    public_base_url: str = "http://127.0.0.1:8080"
    functions_base_url: str = "http://127.0.0.1:8080/_functions"
    pusher_account: str = "pusher@ventros-local.iam.gserviceaccount.com"
    google_project: str = "ventros-local"
    google_region: str = "southamerica-east1"
    pubsub_emulator_host: str = ""  # host:port of a stand-in; empty means Google's
    cloud_tasks_emulator_host: str = ""  # as above
    upstash_url: str = ""  # where calls are counted; empty: only the auth group is limited, in Postgres
    upstash_token: str = ""
    storage: str = "gcs"  # "gcs" or "s3": what speaks to the bucket
    storage_base_url: str = (
        "https://storage.googleapis.com"  # a stand-in's or an S3-compatible server's, where it is one
    )
    storage_region: str = "auto"  # as an S3-compatible server wants it signed
    storage_key_id: str = ""  # the key that links are signed with; of S3, the one for everything
    storage_key_secret: str = ""
    media_bucket: str = "ventros-local-media"
    media_most_bytes: str = "134217728"  # of one file, whatever its kind allows
    allowed_hosts: str = ""  # host:port, comma-separated: what the address guard lets through
    own_hosts: str = ""  # names and addresses of ours beside the public one, comma-separated: the guard calls none
    responder: str = "rules"  # the one a new bot agent gets
    gemini_model: str = "gemini-3.5-flash"
    gemini_base_url: str = ""  # a stand-in, asked without our credentials; empty means Google's
    vertex_location: str = "global"
    ai_prices: str = ""  # {"model": {"input": 300, "output": 2500}}: billionths of a dollar a token
    trace_one_in: str = "1"  # of so many traces one is kept
    traces_url: str = "https://telemetry.googleapis.com/v1/traces"  # takes OTLP; only Google's is shown our credentials
    channel_silence_minutes: str = "60"  # without a delivery, at an hour with some, until it is told; 0: never
    outbox_kept_days: str = "7"  # how long what was published stays; one at least
    proxies_behind_caller: str = "1"  # addresses behind the caller's in X-Forwarded-For: the gateway's own is one
    threads: str = "8"

    @property
    def allowed_addresses(self) -> frozenset[str]:
        return _listed(self.allowed_hosts)

    @property
    def own_addresses(self) -> frozenset[str]:
        """What leads back to ourselves."""
        return _listed(self.own_hosts) | {urlsplit(self.public_base_url).hostname or ""}


def _listed(value: str) -> frozenset[str]:
    return frozenset(each.strip() for each in value.split(",") if each.strip())


@cache
def settings() -> Settings:
    """The settings of this process; tests call `settings.cache_clear()` after changing the environment."""
    given = {field.name: _given(field.name.upper()) for field in fields(Settings)}
    return Settings(**{name: value for name, value in given.items() if value})


def _given(variable: str) -> str:
    file = os.environ.get(f"{variable}_FILE")
    return Path(file).read_text().strip() if file else os.environ.get(variable, "")
