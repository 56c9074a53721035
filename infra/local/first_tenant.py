"""The operator's own tenant: made through the API at the first start, remembered for the later ones."""

import json
import secrets
import time
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.fakes.waha_events import Said, envelope, message_id, payload
from infra.local.cloud import LocalCloud
from infra.local.postgres import write_private

EMAIL = "admin@example.com"
WAHA_SESSION = "default"
ENGINE = "WEBJS"
SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class FirstTenant:
    """What the operator signs in with, the bot that answers, and how the fake WAHA reaches the tenant's channel."""

    email: str
    password: str
    api_key: str = ""
    agent_id: str = ""
    channel_id: str = ""
    waha_url: str = ""
    waha_api_key: str = ""
    waha_hmac_key: str = ""
    waha_webhook_path: str = ""


class Host:
    """Makes what is missing of the first tenant; each thing is written down before the next is begun."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._file = cloud.data / "first_tenant.json"

    def welcome(self) -> FirstTenant:
        with httpx.Client(base_url=self._cloud.base_url, trust_env=False, timeout=SECONDS) as api:
            tenant = self._with_key(api, self._known())
            return self._with_channel(api, tenant) if self._cloud.fake_waha else tenant

    def _known(self) -> FirstTenant:
        if self._file.exists():
            return FirstTenant(**json.loads(self._file.read_text()))
        return self._keep(FirstTenant(email=EMAIL, password=secrets.token_urlsafe(12)))

    def _keep(self, tenant: FirstTenant) -> FirstTenant:
        write_private(self._file, json.dumps(asdict(tenant), indent=2))
        return tenant

    def _with_key(self, api: httpx.Client, tenant: FirstTenant) -> FirstTenant:
        if tenant.api_key and api.get("/api/v1/auth/profile", headers=_key(tenant)).is_success:
            return tenant
        bearer = {"Authorization": f"Bearer {self._sign_in(api, tenant)}"}
        made = _made(api.post("/api/v1/auth/api-keys", json={"name": "infra up"}, headers=bearer))
        return self._keep(FirstTenant(email=tenant.email, password=tenant.password, api_key=made["key"]))

    def _sign_in(self, api: httpx.Client, tenant: FirstTenant) -> str:
        """The token of the tenant's admin, who is registered if need be."""
        login = {"email": tenant.email, "password": tenant.password}
        known = api.post("/api/v1/auth/login", json=login)
        if known.is_success:
            return str(known.json()["access_token"])
        names = {"tenant_name": "Padaria Aurora", "name": "Ana Souza"}
        return str(_made(api.post("/api/v1/auth/register", json={**login, **names}))["access_token"])

    def _with_channel(self, api: httpx.Client, tenant: FirstTenant) -> FirstTenant:
        if not tenant.agent_id:
            made = _made(
                api.post("/api/v1/crm/agents", json={"name": "Bia", "responder": "rules"}, headers=_key(tenant))
            )
            tenant = self._keep(replace(tenant, agent_id=made["id"]))
        if not tenant.channel_id:
            tenant = self._make_channel(api, tenant)
        if tenant.waha_url != self._cloud.fake_waha_url:
            change = {"base_url": self._cloud.fake_waha_url}
            _made(api.patch(f"/api/v1/crm/channels/{tenant.channel_id}", json=change, headers=_key(tenant)))
            tenant = self._keep(replace(tenant, waha_url=self._cloud.fake_waha_url))
        self._connect(tenant)
        return tenant

    def _make_channel(self, api: httpx.Client, tenant: FirstTenant) -> FirstTenant:
        keys = {"api_key": secrets.token_urlsafe(24), "hmac_key": secrets.token_urlsafe(32)}
        wanted = {
            "type": "waha",
            "name": "Fake WAHA",
            "base_url": self._cloud.fake_waha_url,
            "session_name": WAHA_SESSION,
            "engine": ENGINE,
            "default_agent_id": tenant.agent_id,
            **keys,
        }
        made = _made(api.post("/api/v1/crm/channels", json=wanted, headers=_key(tenant)))
        return self._keep(
            replace(
                tenant,
                channel_id=made["id"],
                waha_url=self._cloud.fake_waha_url,
                waha_api_key=keys["api_key"],
                waha_hmac_key=keys["hmac_key"],
                waha_webhook_path=urlsplit(made["webhook_url"]).path,
            )
        )

    def _connect(self, tenant: FirstTenant) -> None:
        """Tell the fake WAHA of its session, and where its events go."""
        webhook = {"url": webhook_url(self._cloud, tenant), "hmac_key": tenant.waha_hmac_key}
        session = {"name": WAHA_SESSION, "engine": ENGINE, "api_key": tenant.waha_api_key, "webhook": webhook}
        _made(httpx.post(f"{self._cloud.fake_waha_url}/_fake/sessions", json=session, trust_env=False, timeout=SECONDS))


def greeting() -> dict[str, Any]:
    """A message of a customer, as the fake WAHA can be asked to deliver it."""
    said = Said(body="Oi! Qual é o horário?", message_id=message_id(ENGINE), timestamp=int(time.time()))
    return envelope(ENGINE, "message", WAHA_SESSION, payload(ENGINE, said))


def webhook_url(cloud: LocalCloud, tenant: FirstTenant) -> str:
    """Where WAHA delivers to the tenant's channel; empty when there is none."""
    return f"{cloud.base_url}{tenant.waha_webhook_path}" if tenant.waha_webhook_path else ""


def _key(tenant: FirstTenant) -> dict[str, str]:
    return {"X-API-Key": tenant.api_key}


def _made(answer: httpx.Response) -> dict[str, Any]:
    """What was answered; RuntimeError with the API's own words when it refused."""
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text}")
    made: dict[str, Any] = answer.json()
    return made
