"""The statements by which rows change hands when contacts, chats, sessions or groups become one."""

from uuid import UUID

from shared.crm.inbound.ledger import Ledger
from shared.crm.messages.following import FARTHEST, LATEST_REACTION
from shared.crm.sessions.model import Session


def _moved(table: str, column: str) -> str:
    """Count it as a change of the aggregate, or whoever read it before would write it back."""
    return f"""
    update {table} set {column} = :survivor, version = version + 1
    where tenant_id = :tenant_id and {column} = :other
    """


CONTACT_MOVES = (
    "update contact_identities set contact_id = :survivor where tenant_id = :tenant_id and contact_id = :other",
    """
    insert into chat_participants (tenant_id, project_id, chat_id, contact_id, created_at)
    select tenant_id, project_id, chat_id, cast(:survivor as uuid), created_at from chat_participants
    where tenant_id = :tenant_id and contact_id = :other on conflict do nothing
    """,
    "delete from chat_participants where tenant_id = :tenant_id and contact_id = :other",
    f"""
    insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
    select tenant_id, project_id, message_id, cast(:survivor as uuid), level, at from message_receipts
    where tenant_id = :tenant_id and contact_id = :other {FARTHEST}
    """,
    "delete from message_receipts where tenant_id = :tenant_id and contact_id = :other",
    """
    insert into early_events as known (
        tenant_id, project_id, channel_id, external_id, kind, contact_id, key, value, at, expires_at)
    select tenant_id, project_id, channel_id, external_id, kind, cast(:survivor as uuid), key, value, at, expires_at
    from early_events where tenant_id = :tenant_id and contact_id = :other
    on conflict (tenant_id, channel_id, external_id, kind, contact_id, key) do update
    set at = least(known.at, excluded.at)
    """,
    "delete from early_events where tenant_id = :tenant_id and contact_id = :other",
    f"""
    insert into message_reactions as known (
        tenant_id, project_id, message_id, kind, contact_id, value, at, stamp)
    select tenant_id, project_id, message_id, kind, cast(:survivor as uuid), value, at, stamp
    from message_reactions where tenant_id = :tenant_id and contact_id = :other {LATEST_REACTION}
    """,
    "delete from message_reactions where tenant_id = :tenant_id and contact_id = :other",
    # One step leads from an old id to who survives, however many became one on the way.
    _moved("contacts", "merged_into_id"),
    _moved("messages", "contact_id"),
    _moved("messages", "sender_contact_id"),
    _moved("sessions", "contact_id"),
    _moved("message_groups", "contact_id"),
    _moved("ai_runs", "contact_id"),
    _moved("media_files", "contact_id"),
    *(
        f"update {table} set contact_id = :survivor where tenant_id = :tenant_id and contact_id = :other"
        for table in ("contact_events", "inbound_deliveries", "calls", "lid_lookups")
    ),
)
CHAT_MOVES = (
    "update chat_addresses set chat_id = :survivor where tenant_id = :tenant_id and chat_id = :other",
    _moved("messages", "chat_id"),
    _moved("ai_runs", "chat_id"),
    _moved("media_files", "chat_id"),
    # What was pending or alive the merge itself has decided about.
    _moved("message_groups", "chat_id"),
    _moved("sessions", "chat_id"),
    _moved("chats", "merged_into_id"),
)
GROUP_MOVES = (_moved("messages", "message_group_id"), _moved("message_groups", "superseded_by_id"))
_SESSION_MOVES = (
    _moved("messages", "session_id"),
    _moved("message_groups", "session_id"),
    _moved("ai_runs", "session_id"),
    _moved("sessions", "merged_into_id"),
)


def move(ledger: Ledger, moves: tuple[str, ...], **names: UUID) -> None:
    """Let everything of `other` hang on `survivor`, once both have been written."""
    for statement in moves:
        ledger.last(statement, **names)


def move_session(ledger: Ledger, home: Session, swallowed: Session) -> None:
    """Let everything of a session that was swallowed hang on the one that swallowed it."""
    move(ledger, _SESSION_MOVES, tenant_id=home.tenant_id, survivor=home.id, other=swallowed.id)
