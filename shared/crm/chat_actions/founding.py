"""Having the provider make a group: asked for once, as asking again after an answer was lost might make two."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm import locks
from shared.crm.actions.model import ActionStatus
from shared.crm.actions.performing import channel_for, not_done
from shared.crm.channels.connection import open_chats
from shared.crm.channels.model import Channel
from shared.crm.chat_actions.model import ChatAction, ChatActionKind
from shared.crm.chat_actions.store import ChatActions
from shared.crm.chats.members import Members
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.chats.waiting import serve_waiting
from shared.crm.contacts.store import Contacts
from shared.crm.inbound.moves import OF_CHAT
from shared.crm.messages.whereabouts import address_of
from shared.kernel.errors import NotFound
from shared.kernel.inbound import Membership
from shared.kernel.stamps import stamp
from shared.providers.waha.chats import REFUSED, Founded
from shared.providers.waha.client import Unknown, WahaError
from shared.runtime.consume import Busy, Transactions
from shared.runtime.postgres import sql
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

_GONE = ("participant_gone", "This contact was deleted, or has no phone any more.")


@dataclass(frozen=True, kw_only=True)
class Founding:
    """All that asking needs, so that no transaction is open meanwhile; `people` are where the provider finds them."""

    action_id: UUID
    channel: Channel
    subject: str
    people: dict[UUID, str]
    claimed_at: datetime


def claim(uow: UnitOfWork, action: ChatAction) -> Founding | None:
    """The group to be made; none when it was asked for already, by somebody who is gone, or it cannot be any more."""
    if action.status is ActionStatus.SENDING:
        action.lose_track()
        return None
    _wait_for_twin(uow, action)
    channel = channel_for(uow, action)
    if channel is None:
        return None
    people = _people(uow, action)
    if not people:
        action.fail("no_participants", "none of the contacts who were to be in this group can be found any more")
        return None
    action.claim(uow.now)
    return Founding(action_id=action.id, channel=channel, subject=action.text or "", people=people, claimed_at=uow.now)


def _wait_for_twin(uow: UnitOfWork, action: ChatAction) -> None:
    """Busy: another that is to be called the same is being made, and nobody could tell whose group is told of."""
    uow.run(locks.lock([locks.creation(action.channel_id, action.text or "")]))
    if any(each.is_held(uow.now) for each in ChatActions(uow).twins(action)):
        raise Busy("another group of that name is being made just now")


def _people(uow: UnitOfWork, action: ChatAction) -> dict[UUID, str]:
    chat, found = Chats(uow).get(action.chat_id), {}
    for contact_id in _living(uow, action.participants or ()):
        address = ChatActions(uow).address_of(chat, contact_id)
        if address:
            found[contact_id] = address
    return found


def _living(uow: UnitOfWork, contact_ids: Iterable[UUID]) -> list[UUID]:
    """Whom these ids name by now, without those who were deleted."""
    found = []
    for contact_id in contact_ids:
        try:
            found.append(Contacts(uow).living(contact_id, lock=False).id)
        except NotFound:
            continue
    return found


def found(transactions: Transactions, founding: Founding) -> bool:
    """Have the group made, with no transaction open; tell whether it is to be tried again."""
    outcome = _ask(founding)
    return retried(lambda: _record(transactions, founding, outcome))


def _ask(founding: Founding) -> Founded | WahaError:
    try:
        with open_chats(founding.channel) as waha:
            return waha.found(founding.subject, founding.people.values())
    except WahaError as error:
        say("a group was not made", outcome=type(error).__name__, action_id=founding.action_id)
        return error


def _record(transactions: Transactions, founding: Founding, outcome: Founded | WahaError) -> bool:
    """Note what came of it, though the group's own event may have told; tell whether it is to be tried again."""
    with transactions.begin() as uow:
        if isinstance(outcome, Founded):
            _lock(uow, founding, outcome)
        chat, action = ChatActions(uow).locked(founding.action_id)
        if isinstance(outcome, Founded):
            _made(uow, chat, action, founding, outcome)
        elif action.is_claimed(founding.claimed_at):
            _not_made(action, outcome, uow.now)
        uow.commit()
        return action.waits


def _lock(uow: UnitOfWork, founding: Founding, founded: Founded) -> None:
    """Keep what is told of the group from coming in meanwhile; to be done before anything else is locked."""
    channel_id = founding.channel.id
    uow.run(locks.lock([locks.creation(channel_id, founding.subject), locks.chat(channel_id, founded.address)]))


def _not_made(action: ChatAction, failure: WahaError, now: datetime) -> None:
    """Give it up, let it be tried again if it was certainly not done, or leave it unknown."""
    if isinstance(failure, Unknown):
        action.lose_track()
    else:
        not_done(action, failure, now)


def _made(uow: UnitOfWork, chat: Chat, action: ChatAction, founding: Founding, founded: Founded) -> None:
    """The provider has the group: it is in this chat, or in the one that was opened when it was first heard of."""
    home = _home(uow, chat, founded.address)
    action.was_made()
    when = stamp(founding.claimed_at, content=(action.kind, action.text))
    home.called(founding.subject, when)
    _seat(uow, home, _those(founding, founded.taken), when)
    for contact_id in _those(founding, founded.refused):
        _left_out(uow, home, action, contact_id, REFUSED)
    for contact_id in set(_living(uow, action.participants or ())) - founding.people.keys():
        _left_out(uow, home, action, contact_id, _GONE)
    if home is not chat and not address_of(uow, chat.id):
        _unite(uow, home, chat)


def _home(uow: UnitOfWork, chat: Chat, address: str) -> Chat:
    """The group's chat. Its echo may have come first, or somebody may have spoken there."""
    there = Chats(uow).at(chat.channel_id, address)
    if there is None and not address_of(uow, chat.id):
        Chats(uow).settle_at(chat, address)
        serve_waiting(uow, chat, address)
        chat.was_made()
    return there or chat


def _those(founding: Founding, addresses: frozenset[str]) -> list[UUID]:
    return [contact_id for contact_id, address in founding.people.items() if address in addresses]


def _seat(uow: UnitOfWork, chat: Chat, contact_ids: list[UUID], when: str) -> None:
    """Let those be in the group whom WhatsApp took; of others it tells with the group's own events."""
    known = [row for each in contact_ids for row in ChatActions(uow).participant(chat, each)]
    members = Members(chat, known)
    for contact_id in contact_ids:
        members.does(contact_id, Membership.JOINED, None, when)
    Chats(uow).touch(chat)
    uow.run(*members.settle())


def _left_out(uow: UnitOfWork, chat: Chat, action: ChatAction, contact_id: UUID, why: tuple[str, str]) -> None:
    """State that somebody is not in the group, as if they had been asked for one by one."""
    kind, by, at = ChatActionKind.ADD, action.requested_by, action.requested_at
    left_out = ChatActions(uow).request(ChatAction.queue(kind, chat, by=by, at=at, contact_id=contact_id))
    left_out.fail(*why)


def _unite(uow: UnitOfWork, home: Chat, chat: Chat) -> None:
    """Let whoever knows the chat that was asked for find the group where it is."""
    home.absorb(chat)
    names = {"tenant_id": home.tenant_id, "survivor": home.id, "other": chat.id}
    uow.run(*(sql(each, **names, merge_id=None) for each in OF_CHAT))
