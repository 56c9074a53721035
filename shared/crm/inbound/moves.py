"""The statements by which rows change hands when contacts, chats, sessions or groups become one."""

from shared.crm.inbound.ledger import Ledger
from shared.crm.sessions.model import Session

# A reader's row says how far the reader came, and when first.
_FARTHEST = """
on conflict (tenant_id, message_id, contact_id) do update set
    level = greatest(known.level, excluded.level),
    at = case sign(excluded.level - known.level)
        when 1 then excluded.at when 0 then least(known.at, excluded.at) else known.at end
"""
REMEMBER_RECEIPT = f"""
insert into message_receipts as known (tenant_id, project_id, message_id, contact_id, level, at)
values (:tenant_id, :project_id, :message_id, :contact_id, :level, :at) {_FARTHEST}
"""  # noqa: S608 - our own words
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
    where tenant_id = :tenant_id and contact_id = :other {_FARTHEST}
    """,  # noqa: S608 - our own words
    "delete from message_receipts where tenant_id = :tenant_id and contact_id = :other",
    """
    insert into early_receipts as known (
        tenant_id, project_id, channel_id, external_id, level, contact_id, at, expires_at)
    select tenant_id, project_id, channel_id, external_id, level, cast(:survivor as uuid), at, expires_at
    from early_receipts where tenant_id = :tenant_id and contact_id = :other
    on conflict (tenant_id, channel_id, external_id, level, contact_id) do update set at = least(known.at, excluded.at)
    """,
    "delete from early_receipts where tenant_id = :tenant_id and contact_id = :other",
    # One step leads from an old id to who survives, however many became one on the way.
    "update contacts set merged_into_id = :survivor where tenant_id = :tenant_id and merged_into_id = :other",
    *(
        f"update {table} set {column} = :survivor where tenant_id = :tenant_id and {column} = :other"  # noqa: S608 - our own names
        for table, column in (
            ("messages", "contact_id"),
            ("messages", "sender_contact_id"),
            ("sessions", "contact_id"),
            ("contact_events", "contact_id"),
            ("ai_runs", "contact_id"),
            ("inbound_deliveries", "contact_id"),
        )
    ),
)
CHAT_MOVES = (
    *(
        f"update {table} set chat_id = :survivor where tenant_id = :tenant_id and chat_id = :other"  # noqa: S608 - our own names
        for table in ("chat_addresses", "messages", "ai_runs")
    ),
    # Pending groups and living sessions are aggregates that the merge itself decides about.
    """
    update message_groups set chat_id = :survivor
    where tenant_id = :tenant_id and chat_id = :other and status <> 'pending'
    """,
    "update sessions set chat_id = :survivor where tenant_id = :tenant_id and chat_id = :other and status = 'merged'",
    "update chats set merged_into_id = :survivor where tenant_id = :tenant_id and merged_into_id = :other",
)
GROUP_MOVES = (
    """
    update messages set message_group_id = :survivor
    where tenant_id = :tenant_id and message_group_id = :other
    """,
)
_SESSION_MOVES = (
    *(
        f"update {table} set session_id = :survivor where tenant_id = :tenant_id and session_id = :other"  # noqa: S608 - our own names
        for table in ("messages", "message_groups", "ai_runs")
    ),
    "update sessions set merged_into_id = :survivor where tenant_id = :tenant_id and merged_into_id = :other",
)


def move_session(ledger: Ledger, home: Session, swallowed: Session) -> None:
    """Let everything of a session that was swallowed hang on the one that swallowed it."""
    for statement in _SESSION_MOVES:
        ledger.last(statement, tenant_id=home.tenant_id, survivor=home.id, other=swallowed.id)
