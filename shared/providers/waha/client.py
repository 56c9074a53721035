"""Talking to a WAHA server: sending, changing and taking back messages, reading a chat, asking how a session is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from shared.kernel.inbound import ConnectionState, InboundMessage, Media
from shared.kernel.outbound import Draft
from shared.providers import guard
from shared.providers.urls import ForbiddenUrl
from shared.providers.waha.answers import read_answer
from shared.providers.waha.envelope import read_state
from shared.providers.waha.fields import dig, mapping, text
from shared.providers.waha.ids import address, individuals, message_id
from shared.providers.waha.messages import Setting, Unreadable, read_message
from shared.providers.waha.requests import request_of

TIMEOUT_SECONDS = 10.0
MOST_BYTES = 16 * 1024 * 1024
PAGE = 50
MOST_PAGES = 40
LONGEST_DETAIL = 300
NOT_CONNECTED = "Session status is not as expected"
TIMELOCK, TIMELOCKED = "error 463", "reachout_timelock"
REFUSALS = {
    400: ("bad_request", "WAHA did not understand the request."),
    401: ("unauthorized", "WAHA refused the API key."),
    403: ("forbidden", "The API key may not do this."),
    404: ("not_found", "WAHA does not know this session or chat."),
    422: ("not_acceptable", "WAHA cannot do this now; the session may not be connected."),
    429: ("rate_limited", "WAHA asks to slow down."),
    501: ("engine_cannot", "The engine of this WAHA session cannot do this."),
}
UNABLE, SLOW_DOWN, NOT_IMPLEMENTED = 422, 429, 501
GATEWAYS = {502, 503, 504}
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


class NotNow(Refused):
    """The server cannot just now: nothing was sent, and the same may succeed soon."""


class Unknown(WahaError):
    """The request went out and no answer tells what became of it."""


class Unanswered(Unknown):
    """The request went out and nothing came back, at least not from the server itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A message the server took; `external_id` is the bare id its later events share, `provider_id` the whole."""

    external_id: str
    provider_id: str


class Waha:
    """One session of one WAHA server. Every method raises Unreachable, Refused (or its NotNow) or Unknown."""

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

    def send(self, chat_id: str, draft: Draft, *, reply_to: str | None = None, message_id: str | None = None) -> Sent:
        """Send a draft. `reply_to` is a full provider id; `message_id` is given where the engine takes one of ours."""
        path, body = request_of(draft)
        quoting = {"reply_to": reply_to} if reply_to else {}
        return self._sent(path, chat_id, {**body, **quoting}, message_id)

    def forward(self, chat_id: str, provider_id: str, *, message_id: str | None = None) -> Sent:
        """Pass a message on to another chat."""
        return self._sent("/api/forwardMessage", chat_id, {"messageId": provider_id}, message_id)

    def edit(self, chat_id: str, provider_id: str, text: str) -> None:
        """Let a text that was sent say something else."""
        self._call("PUT", self._message(chat_id, provider_id), json={"text": text})

    def recall(self, chat_id: str, provider_id: str) -> None:
        """Take a message back, for everybody."""
        self._call("DELETE", self._message(chat_id, provider_id))

    def react(self, provider_id: str, emoji: str) -> None:
        """React to a message; an empty emoji takes the reaction back."""
        body = {"session": self._session, "messageId": provider_id, "reaction": emoji}
        self._call("PUT", "/api/reaction", json=body)

    def seen(self, chat_id: str, provider_ids: list[str], *, participant: str | None = None) -> None:
        """Tell that messages were read; in a group, those of one participant."""
        whose = {"participant": participant} if participant else {}
        body = {"session": self._session, "chatId": chat_id, "messageIds": provider_ids, **whose}
        self._call("POST", "/api/sendSeen", json=body)

    def typing(self, chat_id: str, *, on: bool) -> None:
        """Show that somebody types, or that nobody does any more."""
        path = "/api/startTyping" if on else "/api/stopTyping"
        self._call("POST", path, json={"session": self._session, "chatId": chat_id})

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

    def file_of(self, chat_id: str, provider_id: str) -> Media | None:
        """Let the server fetch a message's file anew, and say where it is now; None when there is no such message."""
        path = f"/api/{quote(self._session, safe='')}/chats/{quote(chat_id, safe='')}/messages/"
        try:
            row = self._call("GET", path + quote(provider_id, safe=""), params={"downloadMedia": "true"})
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                return None
            raise
        told = self._read(row)
        return told.media if told else None

    def check(self) -> ConnectionState:
        """Ask how the session is."""
        answer = mapping(self._call("GET", f"/api/sessions/{quote(self._session, safe='')}"))
        try:
            return read_state(answer, answer.get("me"), None)
        except Unreadable as error:
            raise Unknown("WAHA's answer does not say how the session is.") from error

    def find(self, phone: str) -> str | None:
        """Ask where WhatsApp finds a phone, given by its digits: its address, or None when nobody has it there."""
        params = {"phone": phone, "session": self._session}
        return _place(mapping(self._call("GET", "/api/contacts/check-exists", params=params)), phone)

    def phone_behind(self, lid: str) -> str | None:
        """Ask whose phone a hidden id is, given by its digits: the phone's address, or None when WAHA does not know."""
        path = f"/api/{quote(self._session, safe='')}/lids/{quote(f'{lid}@lid', safe='')}"
        try:
            return address(dig(self._call("GET", path), "pn"))
        except Refused as refusal:
            if refusal.status == NOT_FOUND:
                return None
            raise

    def _sent(self, path: str, chat_id: str, body: Mapping[str, Any], message_id: str | None) -> Sent:
        chosen = {"id": message_id} if message_id else {}
        addressed = {"session": self._session, "chatId": chat_id, **body, **chosen}
        sent = _sent_as(self._call("POST", path, json=addressed), chat_id)
        if sent is None:
            raise Unknown("WAHA took the message but its answer has no id.")
        return sent

    def _message(self, chat_id: str, provider_id: str) -> str:
        session, chat, message = (quote(part, safe="") for part in (self._session, chat_id, provider_id))
        return f"/api/{session}/chats/{chat}/messages/{message}"

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
        return listed(self._call("GET", path, params=params))

    def _read(self, row: object) -> InboundMessage | None:
        try:
            return read_message(mapping(row), Setting(engine=self._engine))
        except Exception:  # noqa: BLE001 - what cannot be read, foreseen or not, is not what is looked for
            return None

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._http.request(method, self._base + path, headers=self._headers, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable("WAHA cannot be reached.") from error
        except (ForbiddenUrl, httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Unreachable("WAHA's address may not be called.", str(error)) from error
        except httpx.HTTPError as error:
            raise Unanswered("WAHA did not answer in time, or its answer was lost.") from error
        return _answer(response)


def _answer(response: httpx.Response) -> Any:
    """Read a good answer, or say what a bad one means for the message."""
    if OK <= response.status_code < REDIRECT:
        return _json(response)
    detail = _detail(response)
    if TIMELOCK in (detail or response.text):
        sentence = "WhatsApp does not let this number start new chats for now."
        raise Refused(response.status_code, TIMELOCKED, sentence, detail)
    if response.status_code in GATEWAYS:
        raise Unanswered("What stands before WAHA got no answer from it.", detail)
    if _tells_nothing(response.status_code):
        raise Unknown("WAHA failed while it worked on the request.", detail)
    code, sentence = REFUSALS.get(response.status_code, ("refused", "WAHA refused the request."))
    kind = NotNow if _passes(response.status_code, detail) else Refused
    raise kind(response.status_code, code, sentence, detail)


def _passes(status: int, detail: str | None) -> bool:
    """Whether it is refused only for as long as the server is pressed, or its session not connected."""
    return status == SLOW_DOWN or (status == UNABLE and NOT_CONNECTED in (detail or ""))


def listed(answer: object) -> list[Any]:
    """The rows of a list that was asked for; anything else in its place says nothing of what there is."""
    if not isinstance(answer, list):
        raise Unknown("WAHA's answer is not the list that was asked for.")
    return answer


def _place(answer: Mapping[str, Any], phone: str) -> str | None:
    """Where a number is that was asked for; one that is there and has no address of its own is where it was dialled."""
    told = answer.get("chatId")
    found = address(told) if told else f"{phone}@c.us"
    if not isinstance(answer.get("numberExists"), bool) or (answer["numberExists"] and not individuals(found)):
        raise Unknown("WAHA's answer does not say whether the number exists.")
    return found if answer["numberExists"] else None


def _tells_nothing(status: int) -> bool:
    """Whether a status leaves open what became of the request."""
    return status in {TIMEOUT, *range(OK)} or (status >= SERVER_ERROR and status != NOT_IMPLEMENTED)


def _json(response: httpx.Response) -> Any:
    if not response.content:
        return None  # All that some engines say of what is done.
    try:
        return read_answer(response.content)
    except ValueError as error:
        raise Unknown("WAHA's answer cannot be read.") from error


def _detail(response: httpx.Response) -> str | None:
    """Find what the server said, wherever its version puts it."""
    try:
        body = read_answer(response.content)
    except ValueError:
        return text(response.text, LONGEST_DETAIL)
    places = (dig(body, "exception", "message"), dig(body, "message"), dig(body, "error"))
    return next(filter(None, (text(place, LONGEST_DETAIL) for place in places)), None)


def _sent_as(answer: object, chat_id: str) -> Sent | None:
    """Find the new message's id: `id` as text or object, or inside Baileys' `key`, or in the engine's own data."""
    raw: Mapping[str, Any] = mapping(answer)
    places = (raw.get("id"), dig(raw, "key", "id"), dig(raw, "_data", "id"), dig(raw, "_data", "key", "id"))
    found = next(filter(None, map(message_id, places)), None)
    if found is None:
        return None
    # Where only the bare id is told, the whole one is built of it as its events will spell it.
    return Sent(external_id=found.bare, provider_id=found.full if found.chat else f"true_{chat_id}_{found.bare}")
