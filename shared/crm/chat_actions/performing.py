"""Having the provider do what was asked of a chat: claim it, call with no transaction open, record what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.actions.performing import call, channel_for, not_done
from shared.crm.channels.connection import open_chats
from shared.crm.channels.model import Channel
from shared.crm.chat_actions.founding import Founding, claim, found
from shared.crm.chat_actions.model import ChatAction, ChatActionKind
from shared.crm.chat_actions.store import ChatActions
from shared.crm.chats.members import Members
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.chats.waiting import put_label
from shared.crm.messages.whereabouts import address_of
from shared.kernel.inbound import Membership
from shared.kernel.stamps import stamp
from shared.providers.waha.chats import ChatControl
from shared.providers.waha.client import WahaError
from shared.runtime.consume import Busy, Transactions
from shared.runtime.postgres import Sql
from shared.runtime.retry import retried
from shared.runtime.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Errand:
    """All that the call needs, so that no transaction is open meanwhile; `person` is where the provider finds them."""

    action_id: UUID
    kind: ChatActionKind
    channel: Channel
    address: str
    person: str
    text: str
    labels: list[str]
    claimed_at: datetime

    def run(self, waha: ChatControl) -> None:
        _DOES[self.kind](waha, self)


_DOES: dict[ChatActionKind, Callable[[ChatControl, Errand], None]] = {
    ChatActionKind.ARCHIVE: lambda waha, it: waha.archive(it.address, on=True),
    ChatActionKind.UNARCHIVE: lambda waha, it: waha.archive(it.address, on=False),
    ChatActionKind.SUBJECT: lambda waha, it: waha.rename(it.address, it.text),
    ChatActionKind.DESCRIPTION: lambda waha, it: waha.describe(it.address, it.text),
    ChatActionKind.LABELS: lambda waha, it: waha.label(it.address, it.labels),
    ChatActionKind.ADD: lambda waha, it: waha.take_in(it.address, it.person),
    ChatActionKind.REMOVE: lambda waha, it: waha.put_out(it.address, it.person),
    ChatActionKind.PROMOTE: lambda waha, it: waha.rank(it.address, it.person, is_admin=True),
    ChatActionKind.DEMOTE: lambda waha, it: waha.rank(it.address, it.person, is_admin=False),
}
_ARCHIVES = {ChatActionKind.ARCHIVE, ChatActionKind.UNARCHIVE}
_DOING = {
    ChatActionKind.ADD: Membership.JOINED,
    ChatActionKind.REMOVE: Membership.LEFT,
    ChatActionKind.PROMOTE: Membership.PROMOTED,
    ChatActionKind.DEMOTE: Membership.DEMOTED,
}


def perform(transactions: Transactions, action_id: UUID) -> None:
    """Do an action. Called again it does nothing, or waits for the one who is at it."""
    errand = retried(lambda: _claim(transactions, action_id))
    if errand is None:
        return
    if isinstance(errand, Founding):
        is_left = found(transactions, errand)
    else:
        failure = _call(errand)
        is_left = retried(lambda: _record(transactions, errand, failure))
    if is_left:
        raise Busy("the WAHA server did not say that it did this")


def _claim(transactions: Transactions, action_id: UUID) -> Errand | Founding | None:
    with transactions.begin() as uow:
        action = ChatActions(uow).to_be_done(action_id)
        if action is None:
            return None
        errand = claim(uow, action) if action.kind is ChatActionKind.CREATE else _errand(uow, action)
        uow.commit()
        return errand


def _errand(uow: UnitOfWork, action: ChatAction) -> Errand | None:
    actions = ChatActions(uow)
    if actions.has_later(action):
        action.supersede()
        return None
    channel, chat = channel_for(uow, action), Chats(uow).get(action.chat_id)
    if channel is None:
        return None
    action.claim(uow.now)
    return Errand(
        action_id=action.id,
        kind=action.kind,
        channel=channel,
        address=address_of(uow, chat.id),
        person=actions.address_of(chat, action.contact_id) or "" if action.contact_id else "",
        text=action.text or "",
        labels=action.labels or [],
        claimed_at=uow.now,
    )


def _call(errand: Errand) -> WahaError | None:
    return call(open_chats(errand.channel), errand.run, kind=errand.kind, action_id=errand.action_id)


def _record(transactions: Transactions, errand: Errand, failure: WahaError | None) -> bool:
    """Note what came of it; tell whether it is to be tried again."""
    with transactions.begin() as uow:
        chat, action = ChatActions(uow).locked(errand.action_id)
        if not action.is_claimed(errand.claimed_at):
            return False
        if failure is None:
            action.finish()
            _done(uow, chat, action, errand.claimed_at)
        else:
            not_done(action, failure, uow.now)
        uow.commit()
        return action.waits


def _done(uow: UnitOfWork, chat: Chat, action: ChatAction, at: datetime) -> None:
    """Let the chat be as WhatsApp shows it by now; its echo may have told so already."""
    when = stamp(at, content=(action.kind, action.text, action.labels))
    if action.kind is ChatActionKind.SUBJECT:
        chat.called(action.text or "", when)
    elif action.kind is ChatActionKind.DESCRIPTION:
        chat.described(action.text or "", when)
    elif action.kind in _ARCHIVES:
        chat.archive(when, is_archived=action.kind is ChatActionKind.ARCHIVE)
    else:
        _write(uow, chat, _rows(uow, chat, action, when))


def _write(uow: UnitOfWork, chat: Chat, rows: list[Sql]) -> None:
    if rows:
        Chats(uow).touch(chat)
        uow.run(*rows)


def _rows(uow: UnitOfWork, chat: Chat, action: ChatAction, when: str) -> list[Sql]:
    """What hangs on the chat from now on."""
    if action.kind is ChatActionKind.LABELS:
        return _labelled(uow, chat, set(action.labels or []), when)
    if action.contact_id is None or action.kind not in _DOING:
        return []
    members = Members(chat, ChatActions(uow).participant(chat, action.contact_id))
    members.does(action.contact_id, _DOING[action.kind], None, when)
    return members.settle()


def _labelled(uow: UnitOfWork, chat: Chat, wanted: set[str], when: str) -> list[Sql]:
    known = {row["label"]: row for row in ChatActions(uow).labels(chat)}
    had = {label for label, row in known.items() if row["is_on"]}
    told = [put_label(chat, label, when, known, is_on=label in wanted) for label in sorted(wanted | had)]
    return [statement for each in told for statement in each]
