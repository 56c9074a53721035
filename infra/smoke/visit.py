"""One visit to an installation by its public door, as a company with a WhatsApp number would pay it."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.fakes.waha_events import Party, make_event
from shared.providers.waha.signature import sign

NAME = "Smoke test"
ORIGIN = "https://smoke.example.com"
EMAIL = "smoke-test@example.com"
ENGINE = "WEBJS"
SESSION = "smoke"
PERSON = Party(phone="5511900000000", name="Visitante")
SECONDS = 30.0


class Broken(Exception):
    """Something is not as it must be; the sentence says what was seen instead."""


@dataclass
class Visit:
    """`patience` are the seconds that what happens behind the door may take; `waha_url` is where replies are sent."""

    api: httpx.Client
    password: str
    waha_url: str
    patience: float
    found: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, *, expect: int = 200) -> dict[str, Any]:
        """Call as the smoke test's own admin. Broken: another status than expected."""
        headers = {"Authorization": f"Bearer {self.known('token')}"}
        return self.like(self.send(method, path, json=body, headers=headers), expect)

    def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        try:
            return self.api.request(method, path, **request)
        except httpx.HTTPError as error:
            raise Broken(f"{method} {path} was not answered: {type(error).__name__}") from error

    def like(self, answer: httpx.Response, expected: int) -> dict[str, Any]:
        """What was answered in JSON, {} where there is none. Broken: with another status."""
        if answer.status_code != expected:
            asked = f"{answer.request.method} {answer.request.url.path.partition('/waha/')[0]}"
            raise Broken(f"{asked} was answered {answer.status_code} and not {expected}: {answer.text[:300]}")
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def known(self, name: str) -> str:
        """What an earlier check has found."""
        if name not in self.found:
            raise Broken(f"not tried: there is no {name}")
        return self.found[name]

    def until(self, look: Callable[[], Any], otherwise: str) -> Any:
        """Look again and again until there is something to see."""
        deadline = time.monotonic() + self.patience
        while not (seen := look()):
            if time.monotonic() > deadline:
                raise Broken(f"{otherwise} within {self.patience:.0f} seconds")
            time.sleep(0.5)
        return seen

    def sign_in(self) -> dict[str, Any]:
        """Sign in; the first visit opens the account."""
        login = {"email": EMAIL, "password": self.password}
        answer = self.send("POST", "/api/v1/auth/login", json=login)
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return self.like(answer, 200)
        newcomer = {**login, "tenant_name": NAME, "name": NAME}
        return self.like(self.send("POST", "/api/v1/auth/register", json=newcomer), 201)

    def bot(self) -> str:
        """The id of the bot that answers here, made at the first visit."""
        listed = self.ask("GET", "/api/v1/crm/agents?limit=100")["data"]
        mine = [each for each in listed if each["name"] == NAME]
        if mine:
            return str(mine[0]["id"])
        return str(self.ask("POST", "/api/v1/crm/agents", {"name": NAME, "responder": "rules"}, expect=201)["id"])

    def channel(self, hmac_key: str) -> dict[str, Any]:
        """The channel of the smoke test, made at the first visit; each has its own webhook URL and key."""
        settings = {
            "base_url": self.waha_url,
            "hmac_key": hmac_key,
            "debounce_timeout_ms": 1000,
            "default_agent_id": self.bot(),
        }
        listed = self.ask("GET", "/api/v1/crm/channels?limit=100")["data"]
        mine = [each for each in listed if each["name"] == NAME]
        if mine:
            return self.ask("PATCH", f"/api/v1/crm/channels/{mine[0]['id']}", {**settings, "rotate_token": True})
        session = {"type": "waha", "name": NAME, "session_name": SESSION, "engine": ENGINE, "api_key": "smoke-test"}
        return self.ask("POST", "/api/v1/crm/channels", {**session, **settings}, expect=201)

    def deliver(self, body: bytes, key: str) -> httpx.Response:
        """Post to the channel's webhook what WAHA would, signed over exactly these bytes."""
        headers = {
            "Content-Type": "application/json",
            "X-Webhook-Hmac": sign(body, key),
            "X-Webhook-Hmac-Algorithm": "sha512",
        }
        return self.send("POST", urlsplit(self.known("webhook")).path, content=body, headers=headers)

    def messages(self) -> list[dict[str, Any]]:
        """What was said with the person in this channel, the latest first."""
        asked = {"filter[channel_id]": self.known("channel"), "filter[contact_id]": self.known("contact")}
        listed: list[dict[str, Any]] = self.ask("GET", f"/api/v1/crm/messages?{httpx.QueryParams(asked)}")["data"]
        return listed


def odd_bytes(text: str) -> bytes:
    """A delivery of `text` that any program which reads and writes it anew would write otherwise."""
    event = make_event(ENGINE, "text", body=text, customer=PERSON, session=SESSION)
    told = json.dumps(event, ensure_ascii=False, indent=1)
    # The same letters in other spellings, spaces where none are needed, and an end that is none.
    told = told.replace(":", " :\t", 1).replace("/", "\\/", 1).replace("é", "\\u00E9", 1).replace("\n", "\r\n", 3)
    return told.encode() + b"\n \x09\r\n"
