"""Finding a number before the first message goes there: WhatsApp may know it under another spelling, or not at all."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from shared.crm.channels.connection import open_waha
from shared.crm.channels.model import Channel
from shared.crm.channels.numbers import Answer, Finding, ask, claim, known, record
from shared.crm.inbound.healing import make_one
from shared.crm.messages.model import Message, MessageStatus
from shared.crm.messages.store import Messages
from shared.crm.messages.whereabouts import address_of
from shared.kernel.inbound import Person
from shared.providers.waha.client import NotNow, Unanswered, Unreachable, WahaError
from shared.providers.waha.ids import identities
from shared.runtime.consume import Busy, Transactions
from shared.runtime.postgres import sql
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

PATIENCE = timedelta(minutes=10)  # how long a server that does not say is asked
PASSING = (Unreachable, Unanswered, NotNow)  # a send would meet the same, and goes better once it is over
DIALLED = "@c.us"
_MOVE_IN = """
insert into chat_addresses (tenant_id, project_id, channel_id, address, chat_id)
values (:tenant_id, :project_id, :channel_id, :found_at, :chat_id) on conflict do nothing
"""
# It was our guess; it stays where the place found is another chat's, as of two whom somebody has parted.
_MOVE_OUT = """
delete from chat_addresses a where a.tenant_id = :tenant_id and a.channel_id = :channel_id and a.address = :address
  and a.chat_id = (
    select f.chat_id from chat_addresses f
    where f.tenant_id = :tenant_id and f.channel_id = :channel_id and f.address = :found_at)
"""


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """All that asking needs, so that no transaction is open meanwhile; `answer` is what is believed already."""

    message_id: UUID
    channel: Channel
    address: str
    answer: Answer | None


def inquiry(uow: UnitOfWork, channel: Channel, message: Message) -> Inquiry | None:
    """What is to be found before a message begins its chat; none where the chat has no number, or it is there.

    Busy: somebody else asks for the same number just now.
    """
    address = address_of(uow, message.chat_id)
    if not address.endswith(DIALLED):
        return None
    answer = known(uow, channel.id, [address]).get(address)
    if answer is None and not claim(uow, channel, [address]):
        raise Busy("WhatsApp is being asked for this number just now")
    if answer and answer.found_at == address:
        return None
    return Inquiry(message_id=message.id, channel=channel, address=address, answer=answer)


def find(transactions: Transactions, inquiry: Inquiry) -> None:
    """Have the chat where its number is found; the message of a number that nobody has fails. Busy: nobody knows."""
    found = inquiry.answer or _asked(inquiry)
    answer = found if isinstance(found, Answer) else retried(lambda: _unanswered(transactions, inquiry, found))
    if answer is None:
        raise Busy("WAHA did not say where WhatsApp finds this number")
    retried(lambda: _answered(transactions, inquiry, answer))


def _asked(inquiry: Inquiry) -> Answer | WahaError:
    try:
        with open_waha(inquiry.channel) as waha:
            return ask(waha, inquiry.address)
    except WahaError as error:
        say("a number was not found out", outcome=type(error).__name__, message_id=inquiry.message_id)
        return error


def _unanswered(transactions: Transactions, inquiry: Inquiry, error: WahaError) -> Answer | None:
    """After ten minutes a server that answers but cannot say is asked no more; of any other a person asks again."""
    with transactions.begin() as uow:
        message = Messages(uow).get(inquiry.message_id, lock=True)
        if message.status is not MessageStatus.QUEUED or uow.now - message.due_at <= PATIENCE:
            return None
        if not isinstance(error, PASSING):
            return Answer(finding=Finding.REFUSED)
        sentence = "WAHA did not say for ten minutes where WhatsApp finds this number"
        message.fail("number_unchecked", sentence, retryable=True)
        uow.commit()
    return None


def _answered(transactions: Transactions, inquiry: Inquiry, answer: Answer) -> None:
    with transactions.begin() as uow:
        if answer.found_at and answer.found_at != inquiry.address:
            _move(uow, inquiry, answer.found_at)
        if answer.finding is Finding.MISSING:
            _fail(uow, inquiry.message_id)
        if inquiry.answer is None:
            record(uow, inquiry.channel, {inquiry.address: answer})
        uow.commit()


def _move(uow: UnitOfWork, inquiry: Inquiry, found_at: str) -> None:
    """Let whoever was dialled be known by where they are found, and their chat be there."""
    make_one(uow, inquiry.channel, Person(identities=identities((inquiry.address, found_at))))
    message = Messages(uow).get(inquiry.message_id)
    names = {"tenant_id": message.tenant_id, "channel_id": message.channel_id, "found_at": found_at}
    uow.run(
        sql(_MOVE_IN, **names, project_id=message.project_id, chat_id=message.chat_id),
        sql(_MOVE_OUT, **names, address=inquiry.address),
    )


def _fail(uow: UnitOfWork, message_id: UUID) -> None:
    message = Messages(uow).get(message_id, lock=True)
    if message.status is MessageStatus.QUEUED:
        message.fail("not_on_whatsapp", "this number is not on WhatsApp; check it with whoever gave it")
