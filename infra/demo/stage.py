"""Setting the stage: tenants registered through the API, bots, channels, and the fake WAHA's sessions behind them."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from infra.demo.cast import COMPANIES, NUMBERS, Company
from infra.limits import set_rates
from infra.local.cloud import LocalCloud
from shared.runtime.declarations import Limit

SECONDS = 30.0


class Waha:
    """The fake WAHA server, through its controls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_fake", trust_env=False, timeout=SECONDS)

    def close(self) -> None:
        self._http.close()

    def look(self, what: str) -> list[dict[str, Any]]:
        """What it knows of: "sent", "deliveries", "refused" or "sessions"."""
        found: list[dict[str, Any]] = done(self._http.get(f"/{what}"))
        return found

    def deliver(self, session: str, event: dict[str, Any]) -> None:
        done(self._http.post(f"/sessions/{session}/deliver", json=event))

    def acknowledge(self, session: str, message_id: str, level: int) -> None:
        done(self._http.post(f"/sessions/{session}/acks", json={"id": message_id, "levels": [level]}))

    def remember(self, session: str, past: dict[str, Any]) -> None:
        done(self._http.post(f"/sessions/{session}/past", json=past))

    def add_session(self, session: dict[str, Any]) -> None:
        done(self._http.post("/sessions", json=session))


@dataclass(frozen=True, kw_only=True)
class Line:
    """A channel of a bakery and the WAHA session behind it."""

    channel_id: UUID
    session: str
    webhook_url: str
    hmac_key: str


@dataclass(frozen=True, kw_only=True)
class Bakery:
    """A tenant of the demo, ready to be written to. `lines` are by the names of the recording."""

    company: Company
    tenant_id: UUID
    email: str
    password: str
    api_key: str
    lines: dict[str, Line]

    @property
    def key(self) -> str:
        return self.company.key

    def spell(self, event: dict[str, Any], session: str) -> dict[str, Any]:
        """The recorded event as this bakery's WAHA would deliver it: with its own numbers and session."""
        told: dict[str, Any] = json.loads(self.company.spell(json.dumps(event)))
        return {**told, "session": session}


def set_up(cloud: LocalCloud, waha: Waha, debounce_ms: int, tell: Callable[[str], None]) -> list[Bakery]:
    """Register the bakeries under names of this run alone, each with a bot and a channel for every engine."""
    tag = secrets.token_hex(3)
    with httpx.Client(base_url=cloud.base_url, trust_env=False, timeout=SECONDS) as api:
        openings = [_Opening(api, waha, company, f"{company.key}-{tag}", tell) for company in COMPANIES]
        return [each.open(debounce_ms, cloud.database_url()) for each in openings]


class _Opening:
    def __init__(self, api: httpx.Client, waha: Waha, company: Company, tag: str, tell: Callable[[str], None]) -> None:
        self._api, self._waha, self._company, self._tag, self._tell = api, waha, company, tag, tell
        self._email, self._password = f"admin-{tag}@demo.example", secrets.token_urlsafe(12)
        self._headers: dict[str, str] = {}

    def open(self, debounce_ms: int, owner_url: str) -> Bakery:
        who = {"tenant_name": self._company.name, "name": self._company.admin}
        account = self._post("auth/register", {**who, "email": self._email, "password": self._password})
        # The checks at the end read more than a person would.
        set_rates(owner_url, UUID(account["tenant_id"]), {Limit.CRM_READ: 5000})
        self._headers = {"Authorization": f"Bearer {account['access_token']}"}
        key: str = self._post("auth/api-keys", {"name": "demo"})["key"]
        self._headers = {"X-API-Key": key}
        bot = {"name": "Bia", "responder": "rules", "config": self._company.rules}
        agent = self._post("crm/agents", bot)
        lines = {name: self._connect(name, agent["id"], debounce_ms) for name in NUMBERS}
        self._tell(f"{self._company.name}: registered, with a bot and {len(lines)} channels.")
        return Bakery(
            company=self._company,
            tenant_id=UUID(account["tenant_id"]),
            email=self._email,
            password=self._password,
            api_key=key,
            lines=lines,
        )

    def _connect(self, name: str, agent_id: str, debounce_ms: int) -> Line:
        session, api_key, hmac_key = f"{self._tag}-{name}", secrets.token_urlsafe(24), secrets.token_urlsafe(32)
        waha = {"base_url": self._waha.url, "session_name": session, "engine": name.upper(), "api_key": api_key}
        answers = {"default_agent_id": agent_id, "debounce_timeout_ms": debounce_ms}
        wanted = {"type": "waha", "name": f"WhatsApp {name.upper()}", **waha, "hmac_key": hmac_key, **answers}
        made = self._post("crm/channels", wanted)
        own = self._company.own(name)
        told = {"name": session, "engine": name.upper(), "api_key": api_key}
        webhook = {"url": made["webhook_url"], "hmac_key": hmac_key}
        me = {"phone": own.phone, "lid": own.lid, "name": own.name}
        self._waha.add_session({**told, "me": me, "webhook": webhook})
        return Line(channel_id=UUID(made["id"]), session=session, webhook_url=made["webhook_url"], hmac_key=hmac_key)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = done(self._api.post(f"/api/v1/{path}", json=body, headers=self._headers))
        return made


def done(answer: httpx.Response) -> Any:
    """What was answered; RuntimeError with the server's own words when it refused."""
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.method} {answer.request.url} answered {answer.status_code}: {answer.text}")
    return answer.json()
