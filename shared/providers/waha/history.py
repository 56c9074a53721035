"""Reading what a WAHA server remembers: its chats, and the messages of one, page by page."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from shared.kernel.inbound import ChatKind, Edit, Revocation
from shared.providers import guard
from shared.providers.waha.client import OK, Refused, Waha, WahaError, listed
from shared.providers.waha.fields import LONGEST_NAME, dig, mapping, moment, text
from shared.providers.waha.hindsight import read_action, read_own_edit
from shared.providers.waha.ids import address, bare_id, chat_kind
from shared.providers.waha.messages import Setting, Unreadable, own_addresses, read_message, read_placeholder
from shared.providers.waha.notices import was_written
from shared.providers.waha.pages import (
    CHATS_AT_ONCE,
    MESSAGES_AT_ONCE,
    Change,
    ChatPage,
    ListedChat,
    MessagePage,
    ToldMessage,
    UnreadRow,
    mark_of,
)

TIMEOUT_SECONDS = 30.0  # a server may have to ask the phone
MOST_BYTES = 64 * 1024 * 1024
BAD_REQUEST = 400
Told = ToldMessage | Change | UnreadRow  # of one row


class Repeated(Refused):
    """The server told the same page again, whatever was asked for: what lies behind it cannot be had."""

    def __init__(self) -> None:
        sentence = "WAHA tells the same page whichever is asked for, so what lies behind it cannot be read."
        super().__init__(OK, "offset_ignored", sentence)


class Archive(Waha):
    """What a session's server remembers. Every method raises Unreachable, Refused or Unknown."""

    def __init__(self, *, allow: frozenset[str] = frozenset(), **told: Any) -> None:
        told.setdefault("http", guard.client(allow, total_seconds=TIMEOUT_SECONDS, most_bytes=MOST_BYTES))
        super().__init__(**told)

    def own(self) -> frozenset[str]:
        """Our own addresses, by which a message of ours is told from others'."""
        return own_addresses(mapping(self._call("GET", f"/api/sessions/{self._name}")).get("me"))

    def chats(self, offset: int) -> ChatPage:
        """The chats from the so many-th on, in an order that new messages do not change."""
        query = {"limit": CHATS_AT_ONCE, "offset": offset, "sortBy": "id", "sortOrder": "asc"}
        rows = listed(self._ask(f"/api/{self._name}/chats", query))
        return ChatPage(rows=len(rows), chats=tuple(filter(None, map(_listed, rows))), mark=mark_of(rows))

    def page(
        self,
        chat: str,
        offset: int,
        *,
        since: datetime,
        until: datetime,
        own: frozenset[str] = frozenset(),
        at: datetime | None = None,
    ) -> MessagePage:
        """A chat's messages of that time, from the so many-th on; media stay where they are. `at` is now."""
        query = {
            "limit": MESSAGES_AT_ONCE,
            "offset": offset,
            "downloadMedia": "false",
            "sortBy": "timestamp",
            "sortOrder": "asc",
            "filter.timestamp.gte": int(since.timestamp()),
            "filter.timestamp.lte": int(until.timestamp()),
        }
        rows = listed(self._ask(f"/api/{self._name}/chats/{quote(chat, safe='')}/messages", query))
        return read_page(rows, Setting(engine=self._engine, own=own), at)

    def phone_address(self, lid: str) -> str | None:
        """The phone behind a hidden id ("100000000000001@lid"), as far as the server knows it."""
        found = address(dig(self._ask(f"/api/{self._name}/lids/{quote(lid, safe='')}", {}), "pn"))
        return found if found and found.endswith("@c.us") else None

    @property
    def _name(self) -> str:
        return quote(self._session, safe="")

    def _ask(self, path: str, query: dict[str, Any]) -> Any:
        try:
            return self._call("GET", path, params=query)
        except Refused as error:
            raise _without_store(error, self._engine) from error


def read_page(rows: list[Any], setting: Setting, at: datetime | None = None) -> MessagePage:
    """Read the rows of a page; one that came twice stays twice, and what nobody wrote is left out."""
    looking_back = replace(setting, at=at)
    read = [each for row in rows for each in _read_row(row, setting, looking_back)]
    return MessagePage(
        rows=len(rows),
        told=tuple(each for each in read if isinstance(each, ToldMessage)),
        unread=tuple(each for each in read if isinstance(each, UnreadRow)),
        changes=tuple(each for each in read if isinstance(each, Edit | Revocation)),
        mark=mark_of(rows),
    )


def _read_row(row: object, setting: Setting, looking_back: Setting) -> list[Told]:
    payload = mapping(row)
    try:
        return list(_told(payload, setting, looking_back))
    except Unreadable as problem:
        return [UnreadRow(payload=row, problem=str(problem), at=moment(payload.get("timestamp")))]
    except Exception:  # noqa: BLE001 - a row that no reader foresaw costs its chat nothing but itself
        return [UnreadRow(payload=row, problem="The row could not be read.", at=None)]


def _told(payload: Mapping[str, Any], setting: Setting, looking_back: Setting) -> Iterator[ToldMessage | Change]:
    """A message with the edit that let it say what it says, and what was done to it or to another."""
    action = read_action(payload, looking_back)
    if was_written(payload) and (action is None or action.external_id == bare_id(payload.get("id"))):
        read = read_placeholder if is_locked(payload) else read_message
        message = read(payload, setting)
        yield ToldMessage(message=message, payload=payload)
        if edit := read_own_edit(message, payload, looking_back):
            yield edit
    if action:
        yield action


def is_locked(payload: Mapping[str, Any]) -> bool:
    """Whether the message waits for its sender's phone, so that nobody can read it yet."""
    return text(dig(payload, "_data", "type")) == "ciphertext"


def _listed(row: Any) -> ListedChat | None:
    """A chat of any engine; None for a row without an address."""
    found = address(dig(row, "id"))
    if found is None:
        return None
    told = mapping(row)
    # Of a person the list tells what the phone calls them, which is often only their number.
    name = text(told.get("name"), LONGEST_NAME) if chat_kind(found) is ChatKind.GROUP else None
    return ListedChat(
        address=found,
        subject=name,
        last_at=moment(told.get("conversationTimestamp")) or moment(told.get("timestamp")),
    )


def _without_store(error: Refused, engine: str | None) -> WahaError:
    """NOWEB remembers nothing unless it was told to before it was paired."""
    if engine != "NOWEB" or error.status != BAD_REQUEST or "store" not in (error.detail or "").lower():
        return error
    sentence = "The NOWEB session has no store; switch it on in WAHA and pair the phone again."
    return Refused(error.status, "no_store", sentence, error.detail)
