"""A WAHA session itself: how it is, starting and stopping it, pairing a phone with it, where it delivers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from shared.kernel.inbound import ConnectionState
from shared.providers.waha.client import Unknown, Waha
from shared.providers.waha.envelope import read_state
from shared.providers.waha.fields import dig, items, mapping, moment, text, whole
from shared.providers.waha.messages import Unreadable

TIMEOUT_SECONDS = 10.0
LONGEST_CODE = 40
UNCAPPED = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """How a session is, and what WhatsApp keeps its number from. `capping` is WAHA's own word for it, in capitals."""

    state: ConnectionState
    timelocked: bool
    timelocked_until: datetime | None
    capping: str | None
    used: int | None
    total: int | None
    resets_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """An image as base64."""

    mimetype: str
    data: str


class SessionControl(Waha):
    """The controls of one session. Every method raises Unreachable, Refused or Unknown."""

    def look(self) -> Told:
        """Ask how the session is."""
        answer = mapping(self._call("GET", self._path()))
        try:
            state = read_state(answer, answer.get("me"), None)
        except Unreadable as error:
            raise Unknown("WAHA's answer does not say how the session is.") from error
        return _told(state, mapping(answer.get("me")))

    def begin(self) -> None:
        self._call("POST", self._path("start"))

    def end(self) -> None:
        self._call("POST", self._path("stop"))

    def unpair(self) -> None:
        self._call("POST", self._path("logout"))

    def qr_picture(self) -> Picture:
        """The code that a phone scans, as an image; it is good for some twenty seconds."""
        answer = mapping(self._call("GET", self._auth("qr"), params={"format": "image"}))
        mimetype, data = text(answer.get("mimetype"), LONGEST_CODE), answer.get("data")
        if not mimetype or not isinstance(data, str) or not data:
            raise Unknown("WAHA's answer holds no code.")
        return Picture(mimetype=mimetype, data=data)

    def qr_text(self) -> str:
        """The same as the text that the image shows."""
        value = mapping(self._call("GET", self._auth("qr"), params={"format": "raw"})).get("value")
        if not isinstance(value, str) or not value:
            raise Unknown("WAHA's answer holds no code.")
        return value

    def pairing_code(self, phone: str) -> str:
        """A code to be typed in on the phone with this number (digits alone)."""
        answer = self._call("POST", self._auth("request-code"), json={"phoneNumber": phone})
        code = text(mapping(answer).get("code"), LONGEST_CODE)
        if not code:
            raise Unknown("WAHA's answer holds no code.")
        return code

    def webhooks(self) -> list[Mapping[str, Any]]:
        """What is told of where the session delivers."""
        answer = mapping(self._call("GET", self._path()))
        return [mapping(each) for each in items(dig(answer, "config", "webhooks"))]

    def deliver_to(self, url: str, hmac_key: str, events: Sequence[str]) -> None:
        """Let the session deliver here as well, in the place of what it delivered to the same host and path before.

        All else of its configuration stays as it is.
        """
        answer = mapping(self._call("GET", self._path()))
        config = dict(mapping(answer.get("config")))
        others = [each for each in items(config.get("webhooks")) if not _is_ours(mapping(each).get("url"), url)]
        ours = {"url": url, "events": list(events), "hmac": {"key": hmac_key}}
        body = {"config": {**config, "webhooks": [*others, ours]}}
        self._call("PUT", self._path(), json=body)

    def deliver_no_more_to(self, url: str) -> None:
        """Let the session forget one address that it delivers to; all else of its configuration stays as it is."""
        config = dict(mapping(mapping(self._call("GET", self._path())).get("config")))
        known = items(config.get("webhooks"))
        others = [each for each in known if mapping(each).get("url") != url]
        if len(others) < len(known):
            self._call("PUT", self._path(), json={"config": {**config, "webhooks": others}})

    def _path(self, verb: str = "") -> str:
        path = f"/api/sessions/{quote(self._session, safe='')}"
        return f"{path}/{verb}" if verb else path

    def _auth(self, what: str) -> str:
        return f"/api/{quote(self._session, safe='')}/auth/{what}"


def _is_ours(known: object, url: str) -> bool:
    """Whether an address is one of ours for the same tenant: it differs in its secret at most."""
    return isinstance(known, str) and known.rpartition(".")[0] == url.rpartition(".")[0]


def _told(state: ConnectionState, me: Mapping[str, Any]) -> Told:
    lock, cap = mapping(me.get("reachoutTimelock")), mapping(me.get("messageCapping"))
    until = _time(lock.get("timeEnforcementEnds"))
    total = whole(cap.get("totalQuota"))
    return Told(
        state=state,
        timelocked=bool(lock) and lock.get("isActive", True) is not False,
        timelocked_until=until,
        capping=text(cap.get("cappingStatus"), LONGEST_CODE),
        used=whole(cap.get("usedQuota")),
        total=None if total == UNCAPPED else total,
        resets_at=_time(cap.get("cycleEnd")),
    )


def _time(value: object) -> datetime | None:
    """A moment as a number or in ISO's words."""
    if not isinstance(value, str):
        return moment(value)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return moment(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
