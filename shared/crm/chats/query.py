"""Searching chats: whom they are with or what they are about, and trees of conditions."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import Field

from shared.crm.chats.model import ChatStatus
from shared.crm.chats.view import CHATS
from shared.crm.contacts import query as contacts
from shared.kernel.inbound import ChatKind
from shared.runtime.search import Filter, Search, Searched, parts


class ChatField(StrEnum):
    CHANNEL_ID = "channel_id"
    CONTACT_ID = "contact_id"
    KIND = "kind"
    STATUS = "status"
    SUBJECT = "subject"
    LAST_MESSAGE_AT = "last_message_at"
    CREATED_AT = "created_at"


class ChatFilter(Filter):
    """Either `and`, or `or`, or one test of a `field` by an `op`; `value` is two times for `between`, else a text."""

    all_of: list["ChatFilter"] | None = parts("and")
    any_of: list["ChatFilter"] | None = parts("or")
    field: ChatField | None = Field(None, examples=["status"])


FIELDS = {
    ChatField.CHANNEL_ID: Searched("c.channel_id", UUID),
    ChatField.CONTACT_ID: Searched("c.contact_id", UUID),
    ChatField.KIND: Searched("c.kind", ChatKind),
    ChatField.STATUS: Searched("c.status", ChatStatus),
    ChatField.SUBJECT: Searched("c.subject", folded="folded(c.subject)"),
    ChatField.LAST_MESSAGE_AT: Searched(CHATS.column("last_message_at"), datetime),
    ChatField.CREATED_AT: Searched("c.created_at", datetime),
}
_WITH = "c.contact_id in (select c.id from contacts c where {})"


def words(search: Search, text: str) -> str:
    """The chats `c` with a contact whom the text finds, or with a subject that holds all its words."""
    person, subject = contacts.words(search, text), search.holds("folded(c.subject)", text)
    return f"({_WITH.format(person)} or (c.kind = 'group' and {subject}))"
