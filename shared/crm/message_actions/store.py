"""Where actions on messages are kept and how they are found."""

import json
from uuid import UUID

from sqlalchemy import ColumnElement

from shared.crm.actions.model import OPEN
from shared.crm.actions.standing import Actions
from shared.crm.message_actions.model import ActionKind, MessageAction
from shared.crm.messages.following import Reactions, read_reactions
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql

message_actions = map_aggregate(MessageAction, "message_actions")

_OURS = """
select row_to_json(r) from message_reactions r
where tenant_id = :tenant_id and message_id = :message_id and contact_id is null
"""


class MessageActions(Actions[MessageAction]):
    kind = MessageAction

    def alike(self, action: MessageAction) -> list[ColumnElement[bool]]:
        """Those of its kind on the same message."""
        return [message_actions.c.message_id == action.message_id, message_actions.c.kind == action.kind]

    def waiting_on(self, message_id: UUID, kind: ActionKind) -> bool:
        """Whether one of that kind is still to be done to the message."""
        alike = message_actions.c.message_id == message_id, message_actions.c.kind == kind
        return self.first(*alike, message_actions.c.status.in_(OPEN)) is not None

    def our_reactions(self, message_id: UUID) -> Reactions:
        """What we have said to a message by now, as far as is known; its echo may have told so already."""
        rows = self.uow.run(sql(_OURS, tenant_id=self.uow.tenant_id, message_id=message_id))[0]
        return read_reactions(json.loads(row[0] or "") for row in rows)
