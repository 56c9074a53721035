"""How rows change hands when contacts, chats, sessions or groups become one, and go back when that is undone."""

from dataclasses import dataclass
from uuid import UUID

from shared.crm.chats.members import LATEST_MEMBER
from shared.crm.inbound.ledger import Ledger
from shared.crm.messages.following import FARTHEST, LATEST_REACTION
from shared.crm.sessions.model import Session


@dataclass(frozen=True)
class Move:
    """A column of a table that names whose each row is; `key` tells rows apart that have no id."""

    table: str
    column: str
    key: str = "moved.id"
    # Counted as a change of the aggregate, or whoever read it before would write it back.
    is_aggregate: bool = True

    @property
    def place(self) -> str:
        return f"{self.table}.{self.column}"

    def there(self) -> str:
        """Give all that is the other's to the survivor, and note each row of it if that belongs to a merge."""
        return f"""
        with gone as (
            update {self.table} as moved set {self.column} = :survivor{self._version}
            where tenant_id = :tenant_id and {self.column} = :other returning project_id, {self.key} as row_id
        )
        insert into contact_merge_moves (tenant_id, project_id, merge_id, place, row_id, was)
        select :tenant_id, project_id, cast(:merge_id as uuid), '{self.place}', row_id, cast(:other as uuid)
        from gone where cast(:merge_id as uuid) is not null on conflict do nothing
        """

    def back(self) -> str:
        """Give each row that a merge moved to whoever had it."""
        return f"""
        update {self.table} as moved set {self.column} = m.was{self._version} from contact_merge_moves m
        where m.tenant_id = :tenant_id and m.merge_id = :merge_id and m.place = '{self.place}'
          and moved.tenant_id = m.tenant_id and {self.key} = m.row_id
        """

    @property
    def _version(self) -> str:
        return ", version = moved.version + 1" if self.is_aggregate else ""


_IDENTITY = "md5(concat_ws('|', moved.kind, moved.issuer, moved.value))::uuid"
_ADDRESS = "md5(concat_ws('|', moved.channel_id, moved.address))::uuid"
_OF_CONTACT = (
    Move("contact_identities", "contact_id", key=_IDENTITY, is_aggregate=False),
    # One step leads from an old id to who survives, however many became one on the way.
    Move("contacts", "merged_into_id"),
    Move("messages", "contact_id"),
    Move("messages", "sender_contact_id"),
    Move("message_actions", "contact_id"),
    Move("chat_actions", "contact_id"),
    Move("scheduled_messages", "contact_id"),
    Move("sessions", "contact_id"),
    Move("message_groups", "contact_id"),
    Move("ai_runs", "contact_id"),
    Move("media_files", "contact_id"),
    Move("calls", "contact_id"),
    Move("contact_events", "contact_id", is_aggregate=False),
    Move("inbound_deliveries", "contact_id", is_aggregate=False),
    Move("lid_lookups", "contact_id", is_aggregate=False),
)
_OF_CHAT = (
    Move("chat_addresses", "chat_id", key=_ADDRESS, is_aggregate=False),
    Move("messages", "chat_id"),
    Move("message_actions", "chat_id"),
    Move("chat_actions", "chat_id"),
    Move("scheduled_messages", "chat_id"),
    Move("ai_runs", "chat_id"),
    Move("media_files", "chat_id"),
    # What was pending or alive the merge itself has decided about.
    Move("message_groups", "chat_id"),
    Move("sessions", "chat_id"),
    Move("chats", "merged_into_id"),
)
_OF_GROUP = (Move("messages", "message_group_id"), Move("message_groups", "superseded_by_id"))
_OF_SESSION = (
    Move("messages", "session_id"),
    Move("message_groups", "session_id"),
    Move("ai_runs", "session_id"),
    Move("sessions", "merged_into_id"),
)
ALL_MOVES = (*_OF_CONTACT, *_OF_CHAT, *_OF_GROUP, *_OF_SESSION)
# What waits is served by whoever takes its message, and knows nothing of this: a copy might be made of what is served.
_WAITING = (
    """
    with twins as (
        delete from early_events twin using early_events kept
        where twin.tenant_id = :tenant_id and twin.contact_id = :other
          and kept.tenant_id = twin.tenant_id and kept.contact_id = :survivor and kept.channel_id = twin.channel_id
          and kept.external_id = twin.external_id and kept.kind = twin.kind and kept.key = twin.key
        returning twin.channel_id, twin.external_id, twin.kind, twin.key, twin.at
    )
    update early_events kept set at = least(kept.at, twins.at) from twins
    where kept.tenant_id = :tenant_id and kept.contact_id = :survivor and kept.channel_id = twins.channel_id
      and kept.external_id = twins.external_id and kept.kind = twins.kind and kept.key = twins.key
    """,
    "update early_events set contact_id = :survivor where tenant_id = :tenant_id and contact_id = :other",
)
# Rows of which both may have one become one: the merge keeps them as they were.
_UNITED_OF_CONTACT = (
    f"""
    insert into chat_participants as known (
        tenant_id, project_id, chat_id, contact_id, created_at, role, role_stamp, seen_stamp, left_stamp)
    select tenant_id, project_id, chat_id, cast(:survivor as uuid), created_at, role, role_stamp, seen_stamp, left_stamp
    from chat_participants where tenant_id = :tenant_id and contact_id = :other {LATEST_MEMBER}
    """,
    "delete from chat_participants where tenant_id = :tenant_id and contact_id = :other",
    f"""
    insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
    select tenant_id, project_id, message_id, cast(:survivor as uuid), level, at from message_receipts
    where tenant_id = :tenant_id and contact_id = :other {FARTHEST}
    """,
    "delete from message_receipts where tenant_id = :tenant_id and contact_id = :other",
    *_WAITING,
    f"""
    insert into message_reactions as known (tenant_id, project_id, message_id, kind, contact_id, value, at, stamp)
    select tenant_id, project_id, message_id, kind, cast(:survivor as uuid), value, at, stamp
    from message_reactions where tenant_id = :tenant_id and contact_id = :other {LATEST_REACTION}
    """,
    "delete from message_reactions where tenant_id = :tenant_id and contact_id = :other",
)
_UNITED_OF_CHAT = (
    """
    insert into chat_labels as known (tenant_id, project_id, chat_id, label, is_on, stamp)
    select tenant_id, project_id, cast(:survivor as uuid), label, is_on, stamp
    from chat_labels where tenant_id = :tenant_id and chat_id = :other
    on conflict (tenant_id, chat_id, label) do update set is_on = excluded.is_on, stamp = excluded.stamp
    where known.stamp < excluded.stamp
    """,
    "delete from chat_labels where tenant_id = :tenant_id and chat_id = :other",
)
OF_CONTACT = (*(move.there() for move in _OF_CONTACT), *_UNITED_OF_CONTACT)
OF_CHAT = (*(move.there() for move in _OF_CHAT), *_UNITED_OF_CHAT)
OF_GROUP = tuple(move.there() for move in _OF_GROUP)
OF_SESSION = tuple(move.there() for move in _OF_SESSION)


def move(ledger: Ledger, moves: tuple[str, ...], *, merge_id: UUID | None = None, **names: UUID) -> None:
    """Let everything of `other` hang on `survivor`, once both have been written."""
    for statement in moves:
        ledger.last(statement, **names, merge_id=merge_id)


def move_session(ledger: Ledger, home: Session, swallowed: Session, merge_id: UUID | None = None) -> None:
    """Let everything of a session that was swallowed hang on the one that swallowed it."""
    names = {"tenant_id": home.tenant_id, "survivor": home.id, "other": swallowed.id}
    move(ledger, OF_SESSION, **names, merge_id=merge_id)
