"""What the fake WAHA remembers of long ago, and how it tells of it: page by page, and not always well."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any
from urllib.parse import unquote

from infra.fakes.openapi import Operation
from infra.fakes.waha_events import ACK_NAMES, Addressing, Party, Said, payload
from shared.providers.waha.ids import address, bare_id
from shared.providers.waha.messages import Setting, read_message

KINDS = ("error_500", "error_429", "hang", "slow", "malformed", "no_list", "twice", "again", "backwards")
FAILING = {"error_500", "error_429", "hang", "malformed", "no_list"}
CHATS, MESSAGES = "ChatsController_getChats", "ChatsController_getChatMessages"
LID = "LidsController_findPNByLid"
OPERATIONS = {CHATS, MESSAGES, LID}
MOST_ROWS = 1_000_000
NO_STORE = {"statusCode": 400, "message": "Enable NOWEB store 'config.noweb.store.enabled=True' first."}


class Dropped(Exception):
    """The connection ends, and no answer comes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A message as the server remembers it, and how far it had come; `row` is how it tells of one that was changed."""

    said: Said
    ack: int
    row: dict[str, Any] | None = None


def read_kept(told: dict[str, Any]) -> Kept:
    """A message as the control API writes it."""
    said = told["said"]
    addressing = Addressing(said.get("addressing", Addressing.PHONE))
    people = {name: Party(**said[name]) for name in ("customer", "me") if name in said}
    return Kept(said=Said(**{**said, **people, "addressing": addressing}), ack=told["ack"])


@dataclass(kw_only=True)
class KeptChat:
    """A chat's rows, oldest first. None stands for a row that the server has but never shows: a page may be short."""

    id: str
    subject: str = ""
    rows: list[Kept | None] = field(default_factory=list)

    @property
    def messages(self) -> list[Kept]:
        return [row for row in self.rows if row]

    @property
    def last_at(self) -> int:
        return max((kept.said.timestamp for kept in self.messages), default=0)


@dataclass(kw_only=True)
class Trouble:
    """How often reading goes wrong: `share` of all pages at their first asking, some of them at the second too."""

    share: float = 0.0
    kinds: tuple[str, ...] = KINDS
    seconds: float = 0.2
    seed: int = 1

    def of(self, name: str, attempt: int) -> str | None:
        """What goes wrong with the so many-th asking for a page; the same at every run."""
        chance = Random(f"{self.seed} {name}")  # noqa: S311 - made up, but the same each time
        if not self.kinds or chance.random() >= self.share:
            return None
        kind = chance.choice(self.kinds)
        most = chance.choice((1, 1, 2)) if kind in FAILING else 1000
        return kind if attempt < most else None


def read_trouble(told: dict[str, Any]) -> Trouble:
    """Trouble as the control API writes it."""
    return Trouble(**{**told, "kinds": tuple(told.get("kinds", KINDS))})


class Archive:
    """What one session remembers; its methods may be called from any thread."""

    def __init__(self, engine: str, chats: Iterable[KeptChat] = (), phones: dict[str, str] | None = None) -> None:
        self.engine = engine
        self.trouble = Trouble()
        self.has_store = True  # NOWEB alone may have none
        self.phones = phones or {}  # digits of a hidden id: digits of the phone behind it
        self.asked: Counter[str] = Counter()
        self._chats = {chat.id: chat for chat in chats}
        self._lock = threading.Lock()

    @property
    def chats(self) -> list[KeptChat]:
        with self._lock:
            return sorted(self._chats.values(), key=lambda chat: chat.id)

    def add(self, kept: Kept) -> None:
        """Remember one more message."""
        with self._lock:
            chat = self._chats.setdefault(kept.said.chat_address, KeptChat(id=kept.said.chat_address))
            chat.rows.append(kept)

    def change(self, row: dict[str, Any], said: Said) -> None:
        """Tell of the message by that row from now on, or by one more where engines keep each action as a row."""
        with self._lock:
            rows = self._chats[said.chat_address].rows
            known = [number for number, kept in enumerate(rows) if kept and kept.said.id == row["id"]]
            for number in known:
                rows[number] = replace(rows[number] or Kept(said=said, ack=0), row=row)
            if not known:
                action = replace(said, message_id=bare_id(row["id"]) or "", timestamp=row["timestamp"])
                rows.append(Kept(said=action, ack=0, row=row))

    def chat(self, chat_id: str) -> KeptChat | None:
        with self._lock:
            return self._chats.get(address(chat_id) or "")

    def message(self, chat_id: str, full: str) -> dict[str, Any] | None:
        """One message, as it would be told on its arrival."""
        chat = self.chat(chat_id)
        found = next((kept for kept in chat.messages if kept.said.id == full), None) if chat else None
        return payload(self.engine, found.said) if found else None

    def ask(self, name: str) -> str | None:
        """Count the asking and say what goes wrong with it."""
        with self._lock:
            attempt = self.asked[name]
            self.asked[name] += 1
        return self.trouble.of(name, attempt)


def answer(
    archive: Archive, beside: list[dict[str, Any]], operation: Operation, query: dict[str, str]
) -> tuple[int, Any]:
    """Answer a question about the past; `beside` are what came about since, in the chat if one is named."""
    if not archive.has_store:
        return 400, NO_STORE
    if operation.id == LID:
        lid = unquote(operation.values["lid"])
        phone = archive.phones.get(lid.partition("@")[0])
        return 200, {"lid": lid, "pn": f"{phone}@c.us" if phone else None}
    if operation.id == CHATS:
        return _told(archive, "chats", _chats(archive, beside), query)
    chat_id = unquote(operation.values["chatId"])
    return _told(archive, chat_id, _messages(archive.chat(chat_id), beside, query), query)


def _told(archive: Archive, what: str, rows: list[Any], query: dict[str, str]) -> tuple[int, Any]:
    """A page of the rows, or what a server in trouble says instead."""
    offset, limit = int(query.get("offset", 0)), int(query.get("limit", MOST_ROWS))
    trouble = archive.ask(f"{what} {offset}")
    if trouble in {"slow", "hang"}:
        time.sleep(archive.trouble.seconds)
    if trouble == "hang":
        raise Dropped
    if trouble == "malformed":
        return 200, b'[{"id": "false_'
    if trouble == "no_list":
        return 200, {"error": "the store is not ready"}
    if trouble in FAILING:
        status, sentence = (429, "Too Many Requests") if trouble == "error_429" else (500, "Internal server error")
        return status, {"statusCode": status, "message": sentence}
    page = _page(rows, offset, limit, trouble)
    shown = [_shown(archive.engine, row, query) for row in page if row is not None]
    if trouble == "twice":
        shown += shown[:3]
    return 200, shown[::-1] if trouble == "backwards" else shown


def _page(rows: list[Any], offset: int, limit: int, trouble: str | None) -> list[Any]:
    """The rows that are told, which in some troubles are not those that were asked for."""
    if trouble == "no_offset":
        return rows[:limit]
    return rows[max(0, offset - 2) if trouble == "again" else offset : offset + limit]


def _chats(archive: Archive, beside: list[dict[str, Any]]) -> list[Any]:
    known = {chat.id: chat for chat in archive.chats}
    for message in beside:
        chat = read_message(message, Setting(engine=archive.engine)).chat_address
        known.setdefault(chat, KeptChat(id=chat))
    return [_listed(archive.engine, known[name]) for name in sorted(known)]


def _listed(engine: str, chat: KeptChat) -> dict[str, Any]:
    """A chat as the engine lists it."""
    if engine == "WEBJS":
        user, _, server = chat.id.partition("@")
        identity = {"server": server, "user": user, "_serialized": chat.id}
        return {"id": identity, "name": chat.subject, "isGroup": server == "g.us", "timestamp": chat.last_at}
    return {"id": chat.id, "name": chat.subject, "conversationTimestamp": chat.last_at}


def _messages(chat: KeptChat | None, beside: list[dict[str, Any]], query: dict[str, str]) -> list[Any]:
    """The chat's rows of the time that is asked for, in the order that is asked for; those never shown are None."""
    lowest, highest = float(query.get("filter.timestamp.gte", 0)), float(query.get("filter.timestamp.lte", 1e12))
    known = {row.said.message_id for row in chat.messages} if chat and beside else set()
    since = ((each["timestamp"], each) for each in beside if bare_id(each.get("id")) not in known)
    rows = [*(_timed(chat) if chat else ()), *since]
    found = [pair for pair in rows if lowest <= pair[0] <= highest and _is_wanted(pair[1], query)]
    found.sort(key=lambda pair: pair[0], reverse=query.get("sortOrder", "desc") == "desc")
    return [row for _, row in found]


def _timed(chat: KeptChat) -> Iterator[tuple[int, Any]]:
    at = 0
    for row in list(chat.rows):
        at = row.said.timestamp if row else at
        yield at, row


def _is_wanted(row: Any, query: dict[str, str]) -> bool:
    asked = query.get("filter.fromMe")
    from_me = row.said.from_me if isinstance(row, Kept) else dict(row or {}).get("fromMe")
    return asked is None or row is None or from_me is (asked == "true")


def _shown(engine: str, row: Any, query: dict[str, str]) -> Any:
    """A row as the engine tells it; the file of a message only if that is asked for."""
    if isinstance(row, Kept):
        row = (row.row or payload(engine, row.said)) | {"ack": row.ack, "ackName": ACK_NAMES[row.ack]}
    return row | {"media": None} if query.get("downloadMedia") == "false" and "media" in row else row
