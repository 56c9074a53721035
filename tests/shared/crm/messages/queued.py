"""Messages that wait for their number's pace, each in a chat of its own or all in one."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared.crm.channels.store import Channels
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.messages.model import Message, SenderKind
from shared.crm.messages.pacing import begins_chat, must_wait
from shared.crm.messages.store import Messages
from shared.kernel.errors import Unavailable
from shared.kernel.ids import uuid7
from shared.kernel.outbound import words
from shared.runtime.work import UnitOfWork, unit_of_work
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel
from tests.support.world import World

_CONTACT = """
insert into contacts (id, tenant_id, project_id, version, name, source)
values (:id, :tenant_id, :project_id, 1, 'Ana', 'api')
"""
_CHAT = """
insert into chats (id, tenant_id, project_id, version, channel_id, kind, contact_id)
values (:id, :tenant_id, :project_id, 1, :channel_id, 'individual', :id)
"""


@dataclass(frozen=True)
class Turn:
    """What came of asking for one: when the message goes, and whether that is now."""

    message_id: UUID
    asked_at: datetime
    goes_at: datetime
    at_once: bool


@dataclass
class Queue:
    world: World
    tenant: Tenant
    channel: WahaChannel

    def pace(self, **pace: Any) -> None:
        said = json.dumps(pace) if pace else None
        self.world.run("update channels set pace = cast(:pace as jsonb) where id = :id", pace=said, id=self.channel.id)

    def begin(self, chats: int) -> list[UUID]:
        """So many chats with people who have said nothing yet, and to whom nothing was said."""
        names = {"tenant_id": self.tenant.tenant_id, "project_id": self.tenant.project_id}
        made = [uuid7() for _ in range(chats)]
        for each in made:
            self.world.run(_CONTACT, **names, id=each)
            self.world.run(_CHAT, **names, id=each, channel_id=self.channel.id)
        return made

    def queue(self, *chats: UUID) -> list[UUID]:
        """A message to each of the chats, in that order."""
        with unit_of_work(self.tenant.tenant_id) as uow:
            found = {each: Chats(uow).get(each) for each in set(chats)}
            made = [self._message(uow, found[each]) for each in chats]
            uow.session.add_all(made)
            uow.commit()
        return [each.id for each in made]

    def _message(self, uow: UnitOfWork, chat: Chat) -> Message:
        return Message.queue(
            chat=chat, session_id=None, draft=words("Bom dia!"), at=uow.now, sender_kind=SenderKind.USER
        )

    def ask(self, message_id: UUID) -> Turn:
        """Ask for the message's turn, as whoever sends it does; again, when every connection was in use."""
        try:
            return self._ask(message_id)
        except Unavailable:
            return self.ask(message_id)

    def _ask(self, message_id: UUID) -> Turn:
        with unit_of_work(self.tenant.tenant_id) as uow:
            message = Messages(uow).get(message_id, lock=True)
            waits = must_wait(uow, Channels(uow).get(self.channel.id), message, begins=begins_chat(uow, message))
            uow.commit()
        goes_at = message.not_before if waits and message.not_before else uow.now
        return Turn(message_id, uow.now, goes_at, not waits)

    def throttlings(self) -> list[tuple[str, datetime]]:
        """What was told of brakes: which, and until when."""
        told = [each["data"] for each in self.world.events("channel.send_throttled")]
        return [(each["bucket"], datetime.fromisoformat(each["resume_at"])) for each in told]

    def timers(self, message_id: UUID) -> list[datetime]:
        """When the message is taken up again."""
        return [
            datetime.fromisoformat(row["run_at"])
            for row in self.world.tasks("resume_message")
            if row["body"]["data"]["message_id"] == str(message_id)
        ]
