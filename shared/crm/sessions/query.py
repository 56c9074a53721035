"""Searching sessions: whom they are with, and trees of conditions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.crm.contacts import query as contacts
from shared.crm.sessions.model import CloseReason, Holder, SessionOutcome, SessionStatus
from shared.runtime.search import Filter, Search, Searched, parts


class SessionField(StrEnum):
    CONTACT_ID = "contact_id"
    CHAT_ID = "chat_id"
    CHANNEL_ID = "channel_id"
    AGENT_ID = "agent_id"
    STATUS = "status"
    HELD_BY = "held_by"
    CLOSE_REASON = "close_reason"
    OUTCOME = "outcome"
    STARTED_AT = "started_at"
    LAST_MESSAGE_AT = "last_message_at"
    ENDED_AT = "ended_at"


class SessionFilter(Filter):
    """Either `and`, or `or`, or one test of a `field` by an `op`; `value` is two times for `between`, else a text."""

    all_of: list["SessionFilter"] | None = parts("and")
    any_of: list["SessionFilter"] | None = parts("or")
    field: SessionField | None = Field(None, examples=["status"])


KINDS = {
    SessionField.STATUS: SessionStatus,
    SessionField.HELD_BY: Holder,
    SessionField.CLOSE_REASON: CloseReason,
    SessionField.OUTCOME: SessionOutcome,
}
FIELDS = {
    name: Searched(f"s.{name}", KINDS.get(name) or (UUID if name.endswith("_id") else datetime))
    for name in SessionField
}
_WITH = "s.contact_id in (select c.id from contacts c where {})"
_AMONG = "s.chat_id in (select h.id from chats h where h.kind = 'group' and {})"


def words(search: Search, text: str) -> str:
    """The sessions `s` with a contact whom the text finds, or in a group whose subject holds all its words."""
    person, subject = contacts.words(search, text), search.holds("folded(h.subject)", text)
    return f"({_WITH.format(person)} or {_AMONG.format(subject)})"
