"""What a WAHA server tells of what it remembers, a page at a time."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.kernel.inbound import Edit, InboundMessage, Revocation

CHATS_AT_ONCE, MESSAGES_AT_ONCE = 200, 100
Change = Edit | Revocation


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedChat:
    """A chat that the server has; `last_at` is None where it does not say when anything was last said."""

    address: str
    subject: str | None
    last_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ToldMessage:
    """A message, and the payload it was read from."""

    message: InboundMessage
    payload: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadRow:
    """A row that could not be understood, as it came; `at` is when it was written, should it say that."""

    payload: object
    problem: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatPage:
    """`rows` is how many came: fewer than were asked for is not the end, for the server may hide some.

    `mark` tells the page from others; None where nothing came.
    """

    rows: int
    chats: tuple[ListedChat, ...]
    mark: str | None

    @property
    def is_full(self) -> bool:
        """Whether there may be more behind it that it had no room for."""
        return self.rows >= CHATS_AT_ONCE

    @property
    def covered(self) -> int:
        """How far behind this page the next one begins: a server may tell some twice, and an empty page is whole."""
        return min(self.rows, CHATS_AT_ONCE) or CHATS_AT_ONCE


@dataclass(frozen=True, kw_only=True, slots=True)
class MessagePage:
    """The same of a chat's messages, oldest first as far as the server keeps to that.

    `changes` are what the rows say became of messages: of these, or of others.
    """

    rows: int
    told: tuple[ToldMessage, ...]
    unread: tuple[UnreadRow, ...]
    changes: tuple[Change, ...]
    mark: str | None

    @property
    def is_full(self) -> bool:
        """Whether there may be more behind it that it had no room for."""
        return self.rows >= MESSAGES_AT_ONCE


def mark_of(rows: Sequence[Any]) -> str | None:
    """A hash by which a page is known again: of how many rows it has, and of its first and last row's ids."""
    if not rows:
        return None
    ends = [row.get("id") if isinstance(row, dict) and row.get("id") else row for row in (rows[0], rows[-1])]
    return hashlib.blake2b(json.dumps([len(rows), *ends], sort_keys=True).encode(), digest_size=8).hexdigest()
