"""What a function may need beside its own code: its account, its secrets and its way out are derived from this."""

from enum import StrEnum
from typing import Final


class Use(StrEnum):
    """A function that does not say so gets none of these in the cloud."""

    DATABASE = "database"  # tenants' rows, as ventros_app
    RESOLVER = "resolver"  # whose a login or an outside token is, as ventros_resolver
    OBSERVER = "observer"  # figures over all tenants, as ventros_observer
    RELAY = "relay"  # the outbox of all tenants, as ventros_relay
    ENCRYPTION = "encryption"  # sealing and unsealing
    TOKENS = "tokens"  # verifying tokens of our issuer
    SIGNING = "signing"  # issuing them
    COUNTERS = "counters"  # the store that calls are counted in
    PUBSUB = "pubsub"
    TASKS = "tasks"
    TRACES = "traces"  # fetching spans that were logged, and handing them to Cloud Trace
    GEMINI = "gemini"
    STORAGE = "storage"  # objects of the media bucket: made, read, copied, deleted
    LINKS = "links"  # signing addresses under which anybody may read or write one object for a while
    CUSTOMER_HOSTS = "customer_hosts"  # leaves through the fixed address that customers let in


# The settings behind each use that are secrets; the rest of the settings is in everybody's environment.
SECRETS: Final[dict[Use, tuple[str, ...]]] = {
    Use.DATABASE: ("database_url", "database_ca"),
    Use.RESOLVER: ("resolver_database_url", "database_ca"),
    Use.OBSERVER: ("observer_database_url", "database_ca"),
    Use.RELAY: ("relay_database_url", "database_ca"),
    Use.ENCRYPTION: ("encryption_keys",),
    Use.TOKENS: ("token_public_keys",),
    Use.SIGNING: ("token_signing_key", "token_public_keys"),
    Use.COUNTERS: ("upstash_token",),
    Use.LINKS: ("storage_key_id", "storage_key_secret"),
    Use.STORAGE: ("storage_key_id", "storage_key_secret"),
}
