"""Which numbers are on WhatsApp: somebody waits to know, so the provider is asked at once, with nothing open."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.crm.channels.connection import open_waha
from shared.crm.channels.model import Channel
from shared.crm.channels.numbers import LEASE, Answer, Finding, ask, claim, dialled, known, record, room, unclaim
from shared.crm.channels.store import Channels
from shared.kernel.values import PhoneNumber
from shared.providers.waha.client import Waha, WahaError
from shared.runtime.calling import CallerTransactions
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

EACH = 5.0  # seconds that one number may take
ALL = LEASE.total_seconds() - EACH  # what is left then is for another time


class Problem(StrEnum):
    """Why it is not known of a number whether it exists; the same may be known in a minute."""

    THROTTLED = "throttled"
    BEING_ASKED = "being_asked"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_UNAVAILABLE = "provider_unavailable"


@dataclass(frozen=True, kw_only=True)
class CheckedNumber:
    """`address` is where WhatsApp finds it; `problem` is why it is not known whether it exists."""

    phone: PhoneNumber
    exists: bool | None
    address: str | None
    problem: Problem | None


@dataclass(kw_only=True)
class _Round:
    """What is known by now of the numbers, by their addresses as dialled, and of which not and why."""

    channel: Channel
    answers: dict[str, Answer]
    problems: dict[str, Problem]
    ours: list[str]


def check_numbers(
    transactions: CallerTransactions, channel_id: UUID, phones: Sequence[PhoneNumber]
) -> list[CheckedNumber]:
    """Tell of each number whether WhatsApp has it. Conflict: the channel is not active."""
    with transactions.begin() as uow:
        begun = _begin(uow, channel_id, list(dict.fromkeys(map(dialled, phones))))
        uow.commit()
    if begun.ours:
        asked = _ask(begun)
        retried(lambda: _record(transactions, begun, asked))
        begun.answers |= asked
    return [_checked(begun, phone) for phone in phones]


def _begin(uow: UnitOfWork, channel_id: UUID, addresses: list[str]) -> _Round:
    """Take what is believed, and of the rest as many as there is room for."""
    channel = Channels(uow).living(channel_id)
    channel.must_be_active()
    answers = known(uow, channel.id, addresses)
    rest = [each for each in addresses if each not in answers]
    places = room(uow, channel) if rest else 0
    claimed = set(claim(uow, channel, rest[:places]))
    problems = {each: Problem.BEING_ASKED if each in rest[:places] else Problem.THROTTLED for each in rest}
    return _Round(channel=channel, answers=answers, problems=problems, ours=[each for each in rest if each in claimed])


def _ask(begun: _Round) -> dict[str, Answer]:
    """Ask for ours, one after the other; what stops it stands at the others."""
    begun.problems |= dict.fromkeys(begun.ours, Problem.PROVIDER_UNAVAILABLE)
    answers: dict[str, Answer] = {}
    try:
        with open_waha(begun.channel, seconds=EACH) as waha:
            _ask_each(waha, begun.ours, answers)
    except WahaError as error:
        say("numbers were not found out", outcome=type(error).__name__, channel_id=begun.channel.id)
    return answers


def _ask_each(waha: Waha, addresses: Sequence[str], answers: dict[str, Answer]) -> None:
    """Fill in the answers, for as long as there is time and the provider says anything."""
    until = time.monotonic() + ALL
    for address in addresses:
        answers[address] = ask(waha, address)
        if answers[address].finding is Finding.REFUSED or time.monotonic() > until:
            return


def _record(transactions: CallerTransactions, begun: _Round, asked: Mapping[str, Answer]) -> None:
    with transactions.begin() as uow:
        record(uow, begun.channel, asked)
        unclaim(uow, begun.channel, begun.ours)
        uow.commit()


def _checked(begun: _Round, phone: PhoneNumber) -> CheckedNumber:
    answer = begun.answers.get(dialled(phone))
    if answer is None:
        return CheckedNumber(phone=phone, exists=None, address=None, problem=begun.problems[dialled(phone)])
    if answer.finding is Finding.REFUSED:
        return CheckedNumber(phone=phone, exists=None, address=None, problem=Problem.PROVIDER_REFUSED)
    return CheckedNumber(phone=phone, exists=answer.found_at is not None, address=answer.found_at, problem=None)
