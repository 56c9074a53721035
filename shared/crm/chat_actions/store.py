"""Where actions on chats are kept, and what they need to know of the chat."""

import json
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement

from shared.crm.actions.model import OPEN, ActionStatus
from shared.crm.actions.standing import Actions
from shared.crm.chat_actions.model import ChatAction, ChatActionKind
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import Sql, sql
from shared.runtime.retry import Stale

chat_actions = map_aggregate(ChatAction, "chat_actions")

_PARTICIPANT = """
select row_to_json(p) from chat_participants p
where tenant_id = :tenant_id and chat_id = :chat_id and contact_id = (
    select coalesce(merged_into_id, id) from contacts where tenant_id = :tenant_id and id = :contact_id)
"""
_LABELS = "select row_to_json(l) from chat_labels l where tenant_id = :tenant_id and chat_id = :chat_id order by label"
_KNOWN_LABELS = """
select label from channel_labels where tenant_id = :tenant_id and channel_id = :channel_id and deleted_at is null
"""
# Where they were written to before, or the number they are known by, or the hidden id.
_PERSON = """
select address from (
    select a.address, 1 as place, a.created_at from chats c
    join chat_addresses a on a.tenant_id = c.tenant_id and a.chat_id = c.id
    where c.tenant_id = :tenant_id and c.channel_id = :channel_id and c.contact_id = :contact_id
      and c.status <> 'merged' and a.address like '%@c.us'
    union all
    select case kind when 'phone' then ltrim(value, '+') || '@c.us' else value || '@lid' end,
        case kind when 'phone' then 2 else 3 end, created_at
    from contact_identities
    where tenant_id = :tenant_id and contact_id = :contact_id and kind in ('phone', 'lid') and not is_variant
) as known order by place, created_at desc, address limit 1
"""


class ChatActions(Actions[ChatAction]):
    kind = ChatAction

    def alike(self, action: ChatAction) -> list[ColumnElement[bool]]:
        """Those of its kind, or of the opposite, on the same chat and about the same person."""
        about = chat_actions.c.contact_id.is_not_distinct_from(action.contact_id)
        return [chat_actions.c.chat_id == action.chat_id, chat_actions.c.kind.in_(action.alike), about]

    def twins(self, action: ChatAction) -> list[ChatAction]:
        """Other groups that are being made on the channel, and are to be called the same."""
        same = chat_actions.c.channel_id == action.channel_id, chat_actions.c.text == action.text
        is_made = chat_actions.c.kind == ChatActionKind.CREATE, chat_actions.c.status == ActionStatus.SENDING
        return self.all(*same, *is_made, chat_actions.c.id != action.id)

    def locked(self, action_id: UUID) -> tuple[Chat, ChatAction]:
        """An action and its chat, once nobody else works on either; the chat is always locked first."""
        chat = Chats(self.uow).get(self.get(action_id).chat_id, lock=True)
        if chat.merged_into_id:
            raise Stale  # It became one with another just now: that is the one to lock.
        return chat, self.get(action_id, lock=True)

    def waiting_on(self, chat_id: UUID, kind: ChatActionKind) -> bool:
        """Whether one of that kind is still to be done to the chat."""
        alike = chat_actions.c.chat_id == chat_id, chat_actions.c.kind == kind
        return self.first(*alike, chat_actions.c.status.in_(OPEN)) is not None

    def participant(self, chat: Chat, contact_id: UUID) -> list[dict[str, Any]]:
        """The row of somebody who is or was in a group, if there is one."""
        return self._rows(sql(_PARTICIPANT, tenant_id=chat.tenant_id, chat_id=chat.id, contact_id=contact_id))

    def labels(self, chat: Chat) -> list[dict[str, Any]]:
        """The rows of the labels that a chat has, or had."""
        return self._rows(sql(_LABELS, tenant_id=chat.tenant_id, chat_id=chat.id))

    def known_labels(self, chat: Chat) -> set[str]:
        """The labels of the chat's channel."""
        rows = self.uow.run(sql(_KNOWN_LABELS, tenant_id=chat.tenant_id, channel_id=chat.channel_id))[0]
        return {row[0] or "" for row in rows}

    def address_of(self, chat: Chat, contact_id: UUID) -> str | None:
        """Where the provider of a chat finds a person."""
        names = {"tenant_id": chat.tenant_id, "channel_id": chat.channel_id, "contact_id": contact_id}
        rows = self.uow.run(sql(_PERSON, **names))[0]
        return rows[0][0] if rows else None

    def _rows(self, statement: Sql) -> list[dict[str, Any]]:
        return [json.loads(row[0] or "") for row in self.uow.run(statement)[0]]
