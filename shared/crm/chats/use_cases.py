"""The chat that is meant: itself, or that with a contact on a channel, opened when somebody first turns to them."""

from uuid import UUID

from shared.crm import locks
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.chats.waiting import serve_waiting
from shared.crm.contacts.model import Contact
from shared.crm.contacts.store import Contacts
from shared.crm.sessions.store import Sessions
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import ChatKind
from shared.runtime.work import UnitOfWork


def chosen_chat(uow: UnitOfWork, chat_id: UUID | None, contact_id: UUID | None, channel_id: UUID | None) -> Chat:
    """The chat of that id, or that of the contact on the channel, locked. Invalid: neither is named, or both."""
    match chat_id, contact_id, channel_id:
        case UUID(), None, None:
            return Chats(uow).locked(chat_id)
        case None, UUID(), UUID():
            return chat_with(uow, contact_id, channel_id)
    raise Invalid("give either chat_id, or contact_id and channel_id")


def chat_with(uow: UnitOfWork, contact_id: UUID, channel_id: UUID) -> Chat:
    """The contact's chat on the channel, locked, and made if there is none. Invalid: nobody knows their phone."""
    channel = Channels(uow).living(channel_id)
    contact = Contacts(uow).living(contact_id, lock=False)
    return Chats(uow).of_contact(channel.id, contact.id) or _first_chat(uow, channel, contact)


def begin(uow: UnitOfWork, contact_id: UUID, channel_id: UUID) -> Chat:
    """A new chat with the contact on the channel. Conflict `chat_exists`: there is one."""
    channel = Channels(uow).living(channel_id)
    contact = Contacts(uow).living(contact_id, lock=False)
    chat = Chats(uow).of_contact(channel.id, contact.id) or _first_chat(uow, channel, contact)
    if not chat.has_recorded:  # that it was created
        details = {"chat_id": str(chat.id)}
        raise Conflict("there is a chat with this contact on this channel", code="chat_exists", details=details)
    return chat


def close(uow: UnitOfWork, chat: Chat) -> None:
    """Be done with a chat that is locked, and with the session that is open in it. Conflict: it is closed."""
    chat.close()
    session = Sessions(uow).open_in(chat.id)
    if session:
        session.close(uow.now)


def _first_chat(uow: UnitOfWork, channel: Channel, contact: Contact) -> Chat:
    """The chat at the contact's phone, unless the contact writes at this very moment and so has one."""
    phone, chats = Contacts(uow).phone(contact), Chats(uow)
    if phone is None:
        raise Invalid("this contact has no phone to write to; add one first")
    person = Identity(kind=IdentityKind.PHONE, value=phone)
    address = f"{phone.removeprefix('+')}@c.us"
    uow.run(locks.lock([locks.person(contact.project_id, person), locks.chat(channel.id, address)]))
    found = chats.of_contact(channel.id, contact.id) or chats.at(channel.id, address)
    if found:
        return found
    chat = chats.add(
        Chat.open(
            tenant_id=contact.tenant_id,
            project_id=contact.project_id,
            channel_id=channel.id,
            kind=ChatKind.INDIVIDUAL,
            contact_id=contact.id,
        )
    )
    chats.settle_at(chat, address)
    serve_waiting(uow, chat, address)
    return chat
