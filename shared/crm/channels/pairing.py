"""Pairing a phone with a channel: somebody waits for the code, so the provider is asked at once, with nothing open."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from shared.crm.channels.connection import open_sessions
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.kernel.errors import Conflict
from shared.providers.waha.client import Refused, WahaError
from shared.providers.waha.sessions import SessionControl
from shared.runtime.calling import CallerTransactions
from shared.runtime.telemetry import say

T = TypeVar("T")

NOT_WAITING = 422


class CodeForm(StrEnum):
    IMAGE = "image"
    RAW = "raw"


def ask_now(transactions: CallerTransactions, channel_id: UUID, ask: Callable[[SessionControl], T]) -> T:
    """What the provider answers. Conflict: it will not, in the state it is in, or it does not answer."""
    return ask_about(transactions, channel_id, ask)[1]


def ask_about(
    transactions: CallerTransactions, channel_id: UUID, ask: Callable[[SessionControl], T]
) -> tuple[Channel, T]:
    """The same, with the channel that it is about."""
    with transactions.begin() as uow:
        channel = Channels(uow).living(channel_id)
    try:
        with open_sessions(channel) as session:
            return channel, ask(session)
    except Refused as refusal:
        raise _conflict(channel, refusal) from refusal
    except WahaError as error:
        say("the provider did not answer", outcome=type(error).__name__, channel_id=channel.id)
        raise Conflict(f"{error.sentence} Try again shortly.", code="provider_unavailable") from error


def _conflict(channel: Channel, refusal: Refused) -> Conflict:
    details = {"connection": channel.connection, "provider_code": refusal.code}
    if refusal.status == NOT_WAITING:
        sentence = "the session is not waiting for a phone: activate the channel, or it is paired already"
        return Conflict(sentence, code="not_waiting_for_phone", details=details)
    return Conflict(f"the provider will not: {refusal.sentence}", code="provider_refused", details=details)
