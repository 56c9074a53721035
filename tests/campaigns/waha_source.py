"""What a fake WAHA remembers and what came of it here, held against each other message by message."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from infra.fakes.waha_corpus import Corpus
from infra.fakes.waha_events import Said
from infra.fakes.waha_history import Archive, Kept
from tests.support.waha import WahaChannel

TIMEOUT_MINUTES = 60
LEVELS = {-1: "failed", 1: "sent", 2: "delivered", 3: "read", 4: "played"}
TYPES = {"vcard": "contact"}


@dataclass
class Source:
    """One engine's session: the channel here, and what its server remembers there."""

    engine: str
    channel: WahaChannel
    corpus: Corpus
    archive: Archive
    receipts: dict[str, int] = field(default_factory=dict)  # told by webhook, beyond what the server remembers
    delivered: dict[tuple[str, int], str] = field(default_factory=dict)  # the message of a chat's second that was

    @property
    def session(self) -> str:
        return self.engine.lower()

    @property
    def kept(self) -> list[Kept]:
        return [kept for chat in self.archive.chats for kept in chat.messages]

    def may_come(self, kept: Kept) -> bool:
        """Whether a webhook may bring it now: those of one second come in their order, so only one is let come late."""
        said = kept.said
        return self.delivered.setdefault((said.chat_address, said.timestamp), said.message_id) == said.message_id

    def level(self, kept: Kept) -> int:
        return max(kept.ack, self.receipts.get(kept.said.message_id, kept.ack))


def compared(source: Source, rows: list[dict[str, Any]]) -> dict[str, int]:
    """How many messages, chats and sessions are not as the source has them."""
    kept = {each.said.message_id: each for each in source.kept}
    here = [row["external_id"] for row in rows]
    wanted = {row["external_id"]: row for row in rows if row["external_id"] in kept}
    chats = [chat.messages for chat in source.archive.chats]
    return {
        "lost": len(kept.keys() - set(here)),
        "invented": len(set(here) - kept.keys()),
        "doubled": len(here) - len(set(here)),
        "wrong_facts": sum(not _same(row, kept[name].said, kept) for name, row in wanted.items()),
        "wrong_statuses": sum(not _came_as_far(row, source, kept[name]) for name, row in wanted.items()),
        "misordered_chats": sum(_is_misordered(messages, here) for messages in chats),
        "split_chats": sum(_is_split(messages, wanted) for messages in chats),
        "wrong_sessions": sum(_is_miscut(own) for own in _by_chat(rows)),
    }


def _is_split(messages: list[Kept], rows: dict[str, dict[str, Any]]) -> bool:
    """Whether one chat there is several here."""
    found = (rows.get(each.said.message_id) for each in messages)
    return len({row["chat_id"] for row in found if row}) > 1


def _same(row: dict[str, Any], said: Said, kept: dict[str, Kept]) -> bool:
    quoted = said.reply_to if said.reply_to in kept else None
    return (row["direction"], row["type"], row["at"], row["quoted"]) == (
        "outbound" if said.from_me else "inbound",
        TYPES.get(said.kind, said.kind),
        said.timestamp,
        quoted,
    ) and (said.body is None or row["text"] == said.body)


def _came_as_far(row: dict[str, Any], source: Source, kept: Kept) -> bool:
    wanted = LEVELS[source.level(kept)] if kept.said.from_me else "received"
    return bool(row["status"] == wanted)


def _is_misordered(messages: list[Kept], here: list[str]) -> bool:
    """Whether what the server remembered from the first is told in another order; of one second, in any but its own."""
    ids = [each.said.message_id for each in messages if not each.said.message_id.startswith("LIVE")]
    place = {external_id: number for number, external_id in enumerate(here)}
    found = [place[each] for each in ids if each in place]
    return found != sorted(found)


def _by_chat(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [list(own) for _, own in itertools.groupby(rows, key=lambda row: row["chat_id"])]


def _is_miscut(rows: list[dict[str, Any]]) -> bool:
    """Whether two messages share a session though a silence lies between, or none does and they do not."""
    timeout = TIMEOUT_MINUTES * 60
    return any(
        (one["session_id"] == two["session_id"]) != (two["at"] - one["at"] <= timeout)
        for one, two in itertools.pairwise(rows)
    )
