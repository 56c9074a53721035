"""What follows upon a message: receipts, edits, its revocation, reactions, votes; each may come before it, or twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from shared.crm.messages.model import Direction, Message
from shared.kernel.inbound import ReactionKind
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql

SENT = 1
# A reader's row says how far the reader came, and when first.
FARTHEST = """
on conflict (tenant_id, message_id, contact_id) do update set
    level = greatest(known.level, excluded.level),
    at = case sign(excluded.level - known.level)
        when 1 then excluded.at when 0 then least(known.at, excluded.at) else known.at end
"""
LATEST_REACTION = """
on conflict (tenant_id, message_id, kind, contact_id) do update set
    value = excluded.value, at = excluded.at, stamp = excluded.stamp
where known.stamp < excluded.stamp
"""
# Whose it is, was read before; meanwhile they may have become one with somebody, or be about to.
_WHOSE = """(
    select coalesce(merged_into_id, id) from contacts
    where tenant_id = :tenant_id and id = cast(:contact_id as uuid) for no key update)"""
_REMEMBER_RECEIPT = f"""
insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
values (:tenant_id, :project_id, :message_id, {_WHOSE}, :level, :at) {FARTHEST}
"""  # noqa: S608 - our own words
_REMEMBER_REVISION = """
insert into message_revisions (tenant_id, project_id, message_id, stamp, text, said_at)
values (:tenant_id, :project_id, :message_id, :stamp, :text, :said_at) on conflict do nothing
"""
_REMEMBER_REACTION = f"""
insert into message_reactions as known (tenant_id, project_id, message_id, kind, contact_id, value, at, stamp)
values (:tenant_id, :project_id, :message_id, :kind, {_WHOSE}, cast(:value as jsonb), :at, :stamp) {LATEST_REACTION}
"""  # noqa: S608 - our own words


class SequelKind(StrEnum):
    RECEIPT = "receipt"
    EDIT = "edit"
    REVOCATION = "revocation"
    EMOJI = "emoji"
    VOTE = "vote"
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True)
class Sequel:
    """One thing that follows upon a message. `contact_id` is who did it; None: it was us, or nobody is named.

    `key` tells it from others of its kind: a receipt's level, else its stamp. `by` is which of us it was.
    """

    kind: SequelKind
    contact_id: UUID | None
    key: str
    value: Any
    at: datetime
    by: UUID | None = None

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Sequel":
        """One that waited, from the JSON of its row."""
        return cls(
            kind=SequelKind(row["kind"]),
            contact_id=UUID(row["contact_id"]) if row["contact_id"] else None,
            key=row["key"],
            value=row["value"],
            at=datetime.fromisoformat(row["at"]),
        )


def json_or_null(value: Any) -> str | None:
    """A value as a jsonb column takes it: none is null there, not JSON's null."""
    return None if value is None else as_json(value)


class Reacted(NamedTuple):
    """What somebody's latest reaction says, as far as is known."""

    stamp: str
    value: Any


Reactions = dict[tuple[str, UUID | None], Reacted]


def read_reactions(rows: Iterable[Mapping[str, Any]]) -> Reactions:
    """The latest reactions to a message, from the JSON of their rows."""
    return {
        (row["kind"], UUID(row["contact_id"]) if row["contact_id"] else None): Reacted(row["stamp"], row["value"])
        for row in rows
    }


@dataclass
class Follower:
    """Applies sequels to one message, in any order; `statements` write what hangs on it.

    `reactions` are the latest that are known, by kind and contact.
    """

    message: Message
    reactions: Reactions = field(default_factory=dict)
    statements: list[Sql] = field(default_factory=list)

    def take(self, sequel: Sequel) -> None:
        match sequel.kind:
            case SequelKind.RECEIPT:
                self._receipt(int(sequel.key), sequel.at, sequel.contact_id)
            case SequelKind.EDIT:
                self._edit(sequel)
            case SequelKind.REVOCATION:
                self.message.revoked(sequel.at)
            case _:
                self._reaction(sequel)

    def _receipt(self, level: int, at: datetime, reader_id: UUID | None) -> None:
        """Move it forward; of ours in a group, only as far as one reader can say."""
        if reader_id is None or self.message.direction is Direction.INBOUND:
            self.message.receipt(level, at)
            return
        self.message.receipt(min(level, SENT), at)
        self._write(_REMEMBER_RECEIPT, contact_id=reader_id, level=level, at=at)

    def _edit(self, edit: Sequel) -> None:
        gone = self.message.edited(edit.value, edit.at, edit.key, edit.by)
        if gone is not None:
            self._write(_REMEMBER_REVISION, stamp=gone.stamp, text=gone.text, said_at=gone.said_at)

    def _reaction(self, reaction: Sequel) -> None:
        whose = (reaction.kind.value, reaction.contact_id)
        known = self.reactions.get(whose)
        if known and reaction.key <= known.stamp:
            return
        self.reactions[whose] = Reacted(reaction.key, reaction.value)
        # What we do is told to us as well, and some engines tell everything twice: that is no second reaction.
        if known is None or known.value != reaction.value:
            self.message.reacted(ReactionKind(reaction.kind.value), reaction.contact_id, reaction.value)
        self._write(
            _REMEMBER_REACTION,
            kind=reaction.kind.value,
            contact_id=reaction.contact_id,
            value=json_or_null(reaction.value),
            at=reaction.at,
            stamp=reaction.key,
        )

    def _write(self, statement: str, **values: Any) -> None:
        message = self.message
        names = {"tenant_id": message.tenant_id, "project_id": message.project_id, "message_id": message.id}
        self.statements.append(Sql(statement, {**names, **values}))
