"""Old messages that whoever calls the API gives us, taken in as a provider's are."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from operator import attrgetter
from uuid import UUID

from shared.crm import locks
from shared.crm.channels.model import Channel
from shared.crm.contacts.model import with_variants
from shared.crm.history.bodies import PastFile, PastMessage
from shared.crm.history.model import OLDEST, HistoryRun, RunCause, RunKind, Totals
from shared.crm.history.picture import Asked
from shared.crm.history.store import HistoryRuns
from shared.crm.history.taking import Taking
from shared.crm.messages.model import LEVELS, STALE_AFTER
from shared.kernel.errors import Invalid
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import ChatKind, InboundMessage, Media, MessageType, MissingMedia, Person
from shared.kernel.values import PhoneNumber
from shared.providers.urls import ForbiddenUrl, check_url, origin
from shared.providers.waha.ids import message_id
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork

_ACKS = {level.value: number for number, level in LEVELS.items()}


class GivenOutcome(StrEnum):
    CREATED = "created"
    PRESENT = "present"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class GivenResult:
    """What became of one message; `code` and `reason` say why it was refused."""

    external_id: str
    outcome: GivenOutcome
    message_id: UUID | None = None
    code: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class GivenResults:
    """`results` stand in the order of the messages. `run_id` is what `message.imported` tells of; null: none is new."""

    run_id: UUID | None
    created: int
    present: int
    refused: int
    results: list[GivenResult]


def take_given(uow: UnitOfWork, channel: Channel, messages: Sequence[PastMessage], *, media: bool) -> GivenResults:
    """Keep what is not here yet, and say what became of each: given again, or by two at once, each is kept once."""
    uow.run(locks.lock([locks.given(channel.id)]))
    told, refused = _read(channel, messages, uow.now)
    run = _run(channel, told, uow.now, media=media)
    ids, created = _taken(uow, run, channel, told)
    if created:
        run.finish(Totals(read=len(told), added=len(created), known=len(told) - len(created)), uow.now)
        HistoryRuns(uow).add(run)
    results = list(_results(messages, refused, ids, created))
    counts = Counter(each.outcome.value for each in results)
    return GivenResults(
        run_id=run.id if created else None, **{each.value: counts[each.value] for each in GivenOutcome}, results=results
    )


def _read(
    channel: Channel, messages: Sequence[PastMessage], now: datetime
) -> tuple[list[InboundMessage], dict[int, Invalid]]:
    """The messages, of each id the first, in the order of their times; and by their place why others cannot be."""
    told: dict[str, InboundMessage] = {}
    refused: dict[int, Invalid] = {}
    for place, given in enumerate(messages):
        try:
            told.setdefault(bare(given.external_id), _message(channel, given, now))
        except Invalid as error:
            refused[place] = error
    return sorted(told.values(), key=attrgetter("sent_at")), refused


def bare(external_id: str) -> str:
    """The id under which the provider would tell of the same message; another system's is left as it is."""
    found = message_id(external_id)
    return found.bare if found and found.chat and found.from_me is not None else external_id


def _message(channel: Channel, given: PastMessage, now: datetime) -> InboundMessage:
    """Invalid: there can be no such message."""
    _check_time(given.sent_at, now)
    if not given.text and (given.type == "text" or given.media is None):
        raise Invalid("a message says something or has a file", code="no_content")
    if given.media and given.type == "text":
        raise Invalid("what has a file is of the file's type, as in image", code="wrong_type")
    phone, from_me = _phone(given.phone), given.direction == "outbound"
    customer = Person(identities=(Identity(kind=IdentityKind.PHONE, value=str(phone)),), name=given.name)
    return InboundMessage(
        external_id=bare(given.external_id),
        provider_id=given.external_id,
        chat_kind=ChatKind.INDIVIDUAL,
        chat_address=f"{phone.removeprefix('+')}@c.us",
        chat_addresses=(),  # nobody but the provider says at which of its addresses a person is
        customer=customer,
        sender=None if from_me else customer,
        from_me=from_me,
        sent_by_api=None,
        type=MessageType(given.type),
        text=given.text or None,
        media=_file(channel, given.media) if given.type != "text" else None,
        location=None,
        cards=(),
        quoted_external_id=bare(given.reply_to) if given.reply_to else None,
        sent_at=given.sent_at,
        ack=_ACKS[given.status] if from_me else None,
    )


def _phone(told: str) -> PhoneNumber:
    try:
        return PhoneNumber(told)
    except Invalid as error:
        raise Invalid(str(error), code="bad_phone") from error


def _check_time(at: datetime, now: datetime) -> None:
    if not now - OLDEST <= at < now:
        raise Invalid("`sent_at` lies in the past, and within ten years", code="bad_time")
    if at > now - STALE_AFTER:
        raise Invalid("this may still be answered, so the channel itself must bring it; give it later", code="too_new")


def _file(channel: Channel, given: PastFile | None) -> Media:
    if given is None or given.url is None:
        told = given.model_dump() if given else {}
        return Media(**told | {"url": None}, missing_reason=MissingMedia.ABSENT)
    known = settings()
    rules = known.allowed_addresses, known.own_addresses
    check_url(given.url, *rules)
    if origin(given.url, *rules) == origin(channel.base_url, *rules):
        # It would be fetched with the server's key, which is not the caller's to use.
        raise ForbiddenUrl("url_of_channel", "Files of the channel's own server come in with import-history.")
    return Media(**given.model_dump())


def _run(channel: Channel, told: Sequence[InboundMessage], now: datetime, *, media: bool) -> HistoryRun:
    since = (told[0].sent_at if told else None) or now
    return HistoryRun.begin(
        channel, kind=RunKind.GIVEN, cause=RunCause.REQUESTED, now=now, since=since, media=media, whole=False
    )


def _taken(
    uow: UnitOfWork, run: HistoryRun, channel: Channel, told: Sequence[InboundMessage]
) -> tuple[dict[str, UUID], set[str]]:
    """The ids of all that are here now, and which of them are new."""
    taking = Taking(run, channel, _pages(told))
    if not told:
        return {}, set()
    book = taking.open(taking.look(uow.run))
    for page in taking.pages:
        chat = taking.read(book, page).chat
        if chat:
            book.people.reach(chat, page.chat)
    book.end()
    uow.run(*taking.statements())
    uow.outgoing.collect(taking.aggregates)
    return book.ids, {each.external_id for each in taking.added if each.external_id}


def _pages(told: Sequence[InboundMessage]) -> list[Asked]:
    """One page for each person, however their phone is spelled."""
    people: dict[str, list[InboundMessage]] = {}
    for each in told:
        people.setdefault(_person(each), []).append(each)
    return [
        Asked(chat=said[0].chat_address, addresses=tuple(sorted({each.chat_address for each in said})), messages=said)
        for said in people.values()
    ]


def _person(told: InboundMessage) -> str:
    known = told.customer.identities if told.customer else ()
    return min(spelling.value for each in known for spelling, _ in with_variants(each))


def _results(
    messages: Sequence[PastMessage], refused: dict[int, Invalid], ids: dict[str, UUID], created: set[str]
) -> Iterator[GivenResult]:
    fresh = set(created)
    for place, given in enumerate(messages):
        if error := refused.get(place):
            yield GivenResult(
                external_id=given.external_id, outcome=GivenOutcome.REFUSED, code=error.code, reason=str(error)
            )
            continue
        own = bare(given.external_id)
        outcome = GivenOutcome.CREATED if own in fresh else GivenOutcome.PRESENT
        fresh.discard(own)
        yield GivenResult(external_id=given.external_id, outcome=outcome, message_id=ids[own])
