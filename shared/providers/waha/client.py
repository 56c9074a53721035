"""Talking to a WAHA server: sending a text, reading a chat, asking how a session is."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from shared.kernel.inbound import ConnectionState, InboundMessage
from shared.providers import guard
from shared.providers.waha.envelope import read_state
from shared.providers.waha.fields import dig, items, mapping, text
from shared.providers.waha.ids import address, message_id
from shared.providers.waha.messages import Setting, Unreadable, read_message

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 16 * 1024 * 1024
PAGE = 50
MOST_PAGES = 40
LONGEST_DETAIL = 300
ENGINES_THAT_TAKE_IDS = {"NOWEB", "GOWS"}
TIMELOCK = "error 463"
REFUSALS = {
    400: ("bad_request", "WAHA did not understand the request."),
    401: ("unauthorized", "WAHA refused the API key."),
    403: ("forbidden", "The API key may not do this."),
    404: ("not_found", "WAHA does not know this session or chat."),
    422: ("not_acceptable", "WAHA cannot do this now; the session may not be connected."),
    429: ("rate_limited", "WAHA asks to slow down."),
}
OK, REDIRECT, CLIENT_ERROR, NOT_FOUND, TIMEOUT, SERVER_ERROR = 200, 300, 400, 404, 408, 500


class WahaError(Exception):
    """A call that did not succeed; the sentence is ours, the detail is what the server said."""

    def __init__(self, sentence: str, detail: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.detail = sentence, detail


class Unreachable(WahaError):
    """The request never went out: nothing was sent."""


class Refused(WahaError):
    """The server said no: nothing was sent."""

    def __init__(self, status: int, code: str, sentence: str, detail: str | None = None) -> None:
        super().__init__(sentence, detail)
        self.status, self.code = status, code


class Unknown(WahaError):
    """The request went out and no answer tells what became of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message the server took; `external_id` is the bare id its later events share."""

    external_id: str


def can_choose_ids(engine: str | None) -> bool:
    """Tell whether a send may bring its own id, which makes sending it twice harmless."""
    return engine in ENGINES_THAT_TAKE_IDS


def new_message_id() -> str:
    """Make an id of the form WhatsApp's own web client gives its messages."""
    return "3EB0" + secrets.token_hex(9).upper()


class Waha:
    """One session of one WAHA server. Every method raises Unreachable, Refused or Unknown."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        session: str,
        engine: str | None,
        http: httpx.Client | None = None,
        allow: frozenset[str] = frozenset(),
    ) -> None:
        self._base, self._session, self._engine = base_url.rstrip("/"), session, engine
        self._headers = {"X-Api-Key": api_key, "Accept": "application/json"}
        self._http = http or guard.client(allow, total_seconds=TIMEOUT_SECONDS, most_bytes=MOST_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send_text(self, chat_id: str, text: str, *, reply_to: str | None = None, message_id: str | None = None) -> Sent:
        """Send a text as it is. `reply_to` is a full provider id; `message_id` is used where the engine takes one."""
        body = {"session": self._session, "chatId": chat_id, "text": text}
        if reply_to:
            body["reply_to"] = reply_to
        if message_id and can_choose_ids(self._engine):
            body["id"] = message_id
        external_id = _sent_id(self._call("POST", "/api/sendText", json=body))
        if external_id is None:
            raise Unknown("WAHA took the message but its answer has no id.")
        return Sent(external_id=external_id)

    def messages(self, chat_id: str, since: datetime, limit: int = PAGE * MOST_PAGES) -> list[InboundMessage]:
        """List a chat's messages since a moment, oldest first, at most `limit`; media stay where they are."""
        found: list[InboundMessage] = []
        for page in range(MOST_PAGES):
            rows = self._page(chat_id, since, page * PAGE)
            found += filter(None, map(self._read, rows))
            # A page may hold fewer rows than asked for; only an empty one is the end.
            if not rows or len(found) >= limit:
                break
        return [each for each in found if each.sent_at is None or each.sent_at >= since.replace(microsecond=0)][:limit]

    def check(self) -> ConnectionState:
        """Ask how the session is."""
        answer = mapping(self._call("GET", f"/api/sessions/{quote(self._session, safe='')}"))
        try:
            return read_state(answer, answer.get("me"), None)
        except Unreadable as error:
            raise Unknown("WAHA's answer does not say how the session is.") from error

    def phone_behind(self, lid: str) -> str | None:
        """Ask whose phone a hidden id is, given by its digits: the phone's address, or None when WAHA does not know."""
        path = f"/api/{quote(self._session, safe='')}/lids/{quote(f'{lid}@lid', safe='')}"
        try:
            return address(dig(self._call("GET", path), "pn"))
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                return None
            raise

    def _page(self, chat_id: str, since: datetime, offset: int) -> list[Any]:
        params = {
            "limit": PAGE,
            "offset": offset,
            "downloadMedia": "false",
            "sortBy": "timestamp",
            "sortOrder": "asc",
            "filter.timestamp.gte": int(since.timestamp()),
        }
        path = f"/api/{quote(self._session, safe='')}/chats/{quote(chat_id, safe='')}/messages"
        return items(self._call("GET", path, params=params))

    def _read(self, row: object) -> InboundMessage | None:
        try:
            return read_message(mapping(row), Setting(engine=self._engine))
        except Unreadable:
            return None

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, self._base + path, headers=self._headers, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable("WAHA cannot be reached.") from error
        except (guard.ForbiddenUrl, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Unreachable("WAHA's address may not be called.", str(error)) from error
        except httpx.HTTPError as error:
            raise Unknown("WAHA did not answer in time, or its answer was lost.") from error
        return _answer(response)


def _answer(response: httpx.Response) -> Any:
    """Read a good answer, or say what a bad one means for the message."""
    if OK <= response.status_code < REDIRECT:
        return _json(response)
    detail = _detail(response)
    if TIMELOCK in (detail or response.text):
        sentence = "WhatsApp does not let this number start new chats for now."
        raise Refused(response.status_code, "reachout_timelock", sentence, detail)
    if response.status_code >= SERVER_ERROR or response.status_code in {TIMEOUT, *range(OK)}:
        raise Unknown("WAHA failed while it worked on the request.", detail)
    code, sentence = REFUSALS.get(response.status_code, ("refused", "WAHA refused the request."))
    raise Refused(response.status_code, code, sentence, detail)


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise Unknown("WAHA's answer cannot be read.") from error


def _detail(response: httpx.Response) -> str | None:
    """Find what the server said, wherever its version puts it."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return text(response.text, LONGEST_DETAIL)
    places = (dig(body, "exception", "message"), dig(body, "message"), dig(body, "error"))
    return next(filter(None, (text(place, LONGEST_DETAIL) for place in places)), None)


def _sent_id(answer: object) -> str | None:
    """Find the new message's id: `id` as text or object, or inside Baileys' `key`, or in the engine's own data."""
    raw: Mapping[str, Any] = mapping(answer)
    places = (raw.get("id"), dig(raw, "key", "id"), dig(raw, "_data", "id"), dig(raw, "_data", "key", "id"))
    found = next(filter(None, map(message_id, places)), None)
    return found.bare if found else None
