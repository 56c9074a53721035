"""Where actions on messages are kept and how they are found."""

import json
from uuid import UUID

from sqlalchemy import literal, tuple_

from shared.crm.message_actions.model import ActionKind, ActionStatus, MessageAction
from shared.crm.messages.following import Reactions, read_reactions
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

message_actions = map_aggregate(MessageAction, "message_actions")

_OURS = """
select row_to_json(r) from message_reactions r
where tenant_id = :tenant_id and message_id = :message_id and contact_id is null
"""


class MessageActions(Repository[MessageAction]):
    kind = MessageAction

    def others(self, action: MessageAction) -> list[MessageAction]:
        """Those of its kind on the same message that are not done."""
        alike = message_actions.c.message_id == action.message_id, message_actions.c.kind == action.kind
        open_ = message_actions.c.status.in_({ActionStatus.QUEUED, ActionStatus.SENDING, ActionStatus.FAILED})
        return self.all(*alike, open_, message_actions.c.id != action.id, lock=True)

    def has_later(self, action: MessageAction) -> bool:
        """Whether another of its kind was asked for after it."""
        alike = message_actions.c.message_id == action.message_id, message_actions.c.kind == action.kind
        order = tuple_(message_actions.c.requested_at, message_actions.c.id)
        after = order > tuple_(literal(action.requested_at), literal(action.id))
        return self.first(*alike, after) is not None

    def waiting_on(self, message_id: UUID, kind: ActionKind) -> bool:
        """Whether one of that kind is still to be done to the message."""
        alike = message_actions.c.message_id == message_id, message_actions.c.kind == kind
        open_ = message_actions.c.status.in_({ActionStatus.QUEUED, ActionStatus.SENDING})
        return self.first(*alike, open_) is not None

    def our_reactions(self, message_id: UUID) -> Reactions:
        """What we have said to a message by now, as far as is known; its echo may have told so already."""
        rows = self.uow.run(sql(_OURS, tenant_id=self.uow.tenant_id, message_id=message_id))[0]
        return read_reactions(json.loads(row[0] or "") for row in rows)
