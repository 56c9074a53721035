"""What people have done to a chat: it is put away, labelled, called otherwise, and people come and go."""

from uuid import UUID

from shared.crm.channels.model import ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chat_actions.model import ChatAction, ChatActionKind
from shared.crm.chat_actions.store import ChatActions
from shared.crm.chat_actions.tasks import PerformChatAction
from shared.crm.chats.members import Participant
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.contacts.store import Contacts
from shared.crm.messages.whereabouts import is_there
from shared.crm.messages.writing import must_be_able, way_out, writable
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.kernel.inbound import ChatKind, GroupRole
from shared.kernel.stamps import stamp
from shared.providers.waha.capabilities import Operation, can
from shared.runtime.work import UnitOfWork


def found(uow: UnitOfWork, channel_id: UUID, subject: str, contact_ids: list[UUID]) -> Chat:
    """Have a group made on a channel, with these contacts; it is in the chat that comes back once WhatsApp has it.

    Invalid: the engine cannot, or nobody knows the number of one of them. Conflict: the channel is not active.
    """
    channel = Channels(uow).living(channel_id)
    must_be_able(writable(channel), Operation.CREATE_GROUP, group=True)
    names = {"tenant_id": channel.tenant_id, "project_id": channel.project_id, "channel_id": channel.id}
    chat = Chats(uow).add(Chat.asked_for(**names, subject=subject.strip()))
    people = _reachable(uow, chat, contact_ids)
    by, at = uow.caller.user_id, uow.now
    _ask(uow, ChatAction.queue(ChatActionKind.CREATE, chat, by=by, at=at, text=chat.subject, participants=people))
    return chat


def _reachable(uow: UnitOfWork, chat: Chat, contact_ids: list[UUID]) -> list[UUID]:
    """These contacts, each once. NotFound: one is not there. Invalid: nobody knows the number of some."""
    known = dict.fromkeys(Contacts(uow).living(each, lock=False).id for each in contact_ids)
    lost = [str(each) for each in known if ChatActions(uow).address_of(chat, each) is None]
    if lost:
        details = {"contact_ids": lost}
        raise Invalid("some of these contacts have no phone to be found by; add one first", details=details)
    return list(known)


def archive(uow: UnitOfWork, chat: Chat, *, on: bool) -> None:
    """Put a chat that is locked away, or take it out again; WhatsApp is told where the engine can tell it."""
    chat.put_away(stamp(uow.now, content=on), is_archived=on)
    channel = Channels(uow).get(chat.channel_id)
    is_able = can(channel.engine, Operation.ARCHIVE, group=chat.kind is ChatKind.GROUP)
    if is_able and chat.converses and channel.status is ChannelStatus.ACTIVE and is_there(uow, chat):
        _request(uow, ChatActionKind.ARCHIVE if on else ChatActionKind.UNARCHIVE, chat)


def label(uow: UnitOfWork, chat: Chat, labels: list[str]) -> None:
    """Let a chat that is locked have these labels of its channel. Invalid: the channel has no such label."""
    must_be_able(way_out(uow, chat), Operation.LABEL, group=chat.kind is ChatKind.GROUP)
    unknown = sorted(set(labels) - ChatActions(uow).known_labels(chat))
    if unknown:
        raise Invalid("the channel has no such label", code="unknown_label", details={"labels": unknown})
    _request(uow, ChatActionKind.LABELS, chat, labels=sorted(set(labels)))


def rename(uow: UnitOfWork, chat: Chat, subject: str) -> None:
    """Have a group that is locked called otherwise."""
    _must_be_ours(uow, chat)
    if subject != chat.subject or ChatActions(uow).waiting_on(chat.id, ChatActionKind.SUBJECT):
        _request(uow, ChatActionKind.SUBJECT, chat, text=subject)


def describe(uow: UnitOfWork, chat: Chat, description: str) -> None:
    """Have a group that is locked described otherwise."""
    _must_be_ours(uow, chat)
    if description != chat.description or ChatActions(uow).waiting_on(chat.id, ChatActionKind.DESCRIPTION):
        _request(uow, ChatActionKind.DESCRIPTION, chat, text=description)


def take_in(uow: UnitOfWork, chat: Chat, contact_id: UUID) -> None:
    """Have a contact added to a group that is locked. Conflict: they are in it. Invalid: nobody knows their number."""
    _must_be_ours(uow, chat)
    contact = Contacts(uow).living(contact_id, lock=False)
    if _place(uow, chat, contact.id):
        raise Conflict("this contact is in the group already", code="already_in")
    if ChatActions(uow).address_of(chat, contact.id) is None:
        raise Invalid("this contact has no phone to be found by; add one first")
    _request(uow, ChatActionKind.ADD, chat, contact_id=contact.id)


def put_out(uow: UnitOfWork, chat: Chat, contact_id: UUID) -> None:
    """Have a participant removed from a group that is locked."""
    _must_be_ours(uow, chat)
    _request(uow, ChatActionKind.REMOVE, chat, contact_id=_member(uow, chat, contact_id).contact_id)


def rank(uow: UnitOfWork, chat: Chat, contact_id: UUID, *, is_admin: bool) -> None:
    """Let a participant run a group that is locked, or not any more. Conflict: it is theirs."""
    _must_be_ours(uow, chat)
    member = _member(uow, chat, contact_id)
    if member.role is GroupRole.SUPERADMIN:
        raise Conflict("whoever made the group runs it, and stays so", code="group_is_theirs")
    _request(uow, ChatActionKind.PROMOTE if is_admin else ChatActionKind.DEMOTE, chat, contact_id=member.contact_id)


def _must_be_ours(uow: UnitOfWork, chat: Chat) -> None:
    """Invalid: it is no group, or its engine cannot. Conflict: we left it, or its channel is not active."""
    if chat.kind is not ChatKind.GROUP:
        raise Invalid("only a group has a subject, a description and members to be changed", code="not_a_group")
    must_be_able(way_out(uow, chat), Operation.GROUP, group=True)
    if chat.left_at:
        raise Conflict("this number has left the group", code="group_left")


def _member(uow: UnitOfWork, chat: Chat, contact_id: UUID) -> Participant:
    """NotFound: they are not in the group."""
    found = _place(uow, chat, contact_id)
    if found is None:
        raise NotFound("there is no such participant")
    return found


def _place(uow: UnitOfWork, chat: Chat, contact_id: UUID) -> Participant | None:
    known = [Participant.read(row) for row in ChatActions(uow).participant(chat, contact_id)]
    return next((each for each in known if each.is_in(chat.stamps.get("members", ""))), None)


def _request(
    uow: UnitOfWork,
    kind: ChatActionKind,
    chat: Chat,
    *,
    contact_id: UUID | None = None,
    text: str | None = None,
    labels: list[str] | None = None,
) -> None:
    by, at = uow.caller.user_id, uow.now
    _ask(uow, ChatAction.queue(kind, chat, by=by, at=at, contact_id=contact_id, text=text, labels=labels))


def _ask(uow: UnitOfWork, action: ChatAction) -> None:
    ChatActions(uow).request(action)
    uow.schedule(PerformChatAction(action_id=action.id))
