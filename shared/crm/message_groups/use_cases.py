"""Closing a burst: when it has been quiet for long enough, its text is put together."""

from uuid import UUID

from shared.crm.chats.store import Chats
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.message_groups.store import MessageGroups, message_groups
from shared.crm.message_groups.tasks import FlushMessageGroup
from shared.crm.messages.model import Message
from shared.crm.messages.store import Messages, messages
from shared.crm.sessions.model import Session
from shared.crm.sessions.store import Sessions
from shared.runtime.retry import Stale
from shared.runtime.work import UnitOfWork


def locked_group(uow: UnitOfWork, group_id: UUID) -> MessageGroup | None:
    """The group as it is once nobody else works on its chat; the chat is always locked first."""
    groups = MessageGroups(uow)
    found = groups.first(message_groups.c.id == group_id)
    if found is None:
        return None
    chat_id = found.chat_id
    Chats(uow).get(chat_id, lock=True)
    group = groups.get(group_id, lock=True)
    if group.chat_id != chat_id:
        raise Stale  # Its chat became one with another just now: that is the one to lock.
    return group


def present_session(uow: UnitOfWork, group: MessageGroup) -> Session | None:
    """The session in which the group is answered, locked: the chat's open one, else the one it was said in."""
    present = Sessions(uow).open_in(group.chat_id)
    if present is None and group.session_id:
        return Sessions(uow).get(group.session_id, lock=True)
    return present


def flush(uow: UnitOfWork, group_id: UUID, generation: int) -> None:
    """Close the group if it is due, else set its next timer. An old generation does nothing."""
    group = locked_group(uow, group_id)
    if group is None or group.status is not GroupStatus.PENDING or generation != group.generation:
        return
    if not group.is_due(uow.now):
        uow.schedule(FlushMessageGroup(group_id=group.id, generation=group.next_timer()), at=group.deadline_at)
        return
    group.process()
    if asked := what_is_asked(uow, group):
        group.complete(asked, uow.now)
    else:
        group.fail("every message of it was deleted or taken back", uow.now)


def what_is_asked(uow: UnitOfWork, group: MessageGroup) -> list[Message]:
    """What those asked whose place it took and what it asks itself, in order, without what was taken back."""
    order: dict[UUID | None, int] = {each: place for place, each in enumerate(MessageGroups(uow).with_older(group.id))}
    stands = messages.c.deleted_at.is_(None), messages.c.revoked_at.is_(None)
    found = Messages(uow).all(messages.c.message_group_id.in_(order), *stands)
    return sorted(found, key=lambda each: (order[each.message_group_id], each.sent_at, each.id))


def withdraw_if_outdated(uow: UnitOfWork, reply: Message) -> None:
    """Withdraw a reply that is queued again, if by now a person holds the session or something newer was said."""
    group = MessageGroups(uow).first(message_groups.c.id == reply.answers_group_id, lock=True)
    if group is None:
        return
    session, newer = present_session(uow, group), MessageGroups(uow).pending_in(group.chat_id)
    if session and session.taken_since(reply.sent_at):
        group.settle(Outcome.TAKEN_OVER, "a person took the session before the reply could be sent")
        reply.cancel("a person took the session first")
    elif newer:
        newer.supersede(group)
        reply.cancel("a newer message came first")
