"""Scheduling a message."""

from pydantic import Field

from shared.crm.chats.use_cases import chosen_chat
from shared.crm.messages.bodies import NewMessage
from shared.crm.scheduled_messages.use_cases import schedule
from shared.crm.scheduled_messages.view import SCHEDULED_MESSAGES, ScheduledMessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, Moment
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork


class Plan(Body):
    send_at: Moment = Field(description="When it is to be sent, within a year.", examples=["2030-01-31T12:00:00+00:00"])
    message: NewMessage


@endpoint("POST", "/api/v1/crm/messages/schedule", allow=Role.AGENT, status=201)
def schedule_message(uow: UnitOfWork, body: Plan) -> One[ScheduledMessageView]:
    """Have a message of any type sent later.

    It is checked now, and again when its time comes; it is then sent as your own, and whoever holds the session
    keeps it.
    """
    chat = chosen_chat(uow, body.message.chat_id, body.message.contact_id, body.message.channel_id)
    planned = schedule(uow, chat, body.message.draft(), body.message.reply_to, body.send_at)
    return one(SCHEDULED_MESSAGES, planned.id)
