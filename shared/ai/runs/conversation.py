"""What a bot is told of a chat, and what is known of how it went so far."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from shared.ai.responders.base import Speaker, Turn
from shared.crm.message_groups.store import MessageGroups
from shared.crm.messages.model import STALE_AFTER, Direction, Message, MessageStatus, SenderKind
from shared.crm.messages.store import messages
from shared.crm.messages.words import in_words
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

MOST_TURNS = 20
_SAID_LATELY = """
select 1 from messages where tenant_id = :tenant_id and message_group_id = any(cast(:asked as uuid[]))
  and sent_at >= created_at - make_interval(secs => :seconds) limit 1
"""
_UNSAID = {MessageStatus.CANCELLED, MessageStatus.FAILED}


def last_turns(uow: UnitOfWork, chat_id: UUID) -> tuple[Turn, ...]:
    """The last messages of the chat as they stand by now, oldest first; none that was taken back."""
    of_chat = messages.c.tenant_id == uow.tenant_id, messages.c.chat_id == chat_id
    stands = messages.c.deleted_at.is_(None), messages.c.revoked_at.is_(None), messages.c.status.not_in(_UNSAID)
    newest = select(Message).where(*of_chat, *stands)
    query = newest.order_by(messages.c.sent_at.desc(), messages.c.id.desc()).limit(MOST_TURNS)
    return tuple(_turn(message) for message in reversed(list(uow.session.scalars(query))))


def _turn(message: Message) -> Turn:
    speaker = Speaker.CUSTOMER if message.direction is Direction.INBOUND else Speaker.US
    return Turn(speaker=speaker, text=in_words(message), at=message.sent_at)


def bot_replies_within(uow: UnitOfWork, chat_id: UUID, span: timedelta) -> int:
    """How many replies a bot has given in the chat lately."""
    by_bot = messages.c.sender_kind == SenderKind.BOT, messages.c.status.not_in(_UNSAID)
    lately = messages.c.tenant_id == uow.tenant_id, messages.c.chat_id == chat_id, messages.c.sent_at > uow.now - span
    query = select(func.count()).select_from(messages).where(*by_bot, *lately)
    return uow.session.scalar(query) or 0


def said_lately(uow: UnitOfWork, group_id: UUID) -> bool:
    """Whether any message of the group, or of those it answers for, was fresh when it came."""
    asked = f"{{{','.join(map(str, MessageGroups(uow).with_older(group_id)))}}}"
    seconds = STALE_AFTER.total_seconds()
    return bool(uow.run(sql(_SAID_LATELY, tenant_id=uow.tenant_id, asked=asked, seconds=seconds))[0])
