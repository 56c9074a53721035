"""Setting a channel's history going: fetched as somebody wants it, or compared because something may be missing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.history.cursors import Cursors
from shared.crm.history.lanes import start_lanes
from shared.crm.history.model import HistoryRun, RunCause, RunKind, window
from shared.crm.history.store import HistoryRuns
from shared.crm.history.tasks import ListHistory
from shared.kernel.errors import Conflict, Invalid
from shared.providers.waha.history import ListedChat
from shared.providers.waha.ids import address
from shared.runtime.work import UnitOfWork

OLDEST = timedelta(days=3650)


def begin_import(
    uow: UnitOfWork,
    channel: Channel,
    *,
    cause: RunCause,
    since: datetime | None = None,
    chats: Sequence[str] | None = None,
    media: bool = False,
) -> HistoryRun:
    """Begin to fetch a channel's past. Conflict: it is under way already, or the channel is not active."""
    if channel.status is not ChannelStatus.ACTIVE:
        raise Conflict("the channel is not active", code="channel_inactive")
    under_way = HistoryRuns(uow).active(channel.id, RunKind.IMPORT)
    if under_way:
        details = {"run_id": str(under_way.id)}
        raise Conflict("an import of this channel is under way already", code="import_under_way", details=details)
    run = HistoryRun.begin(
        channel,
        kind=RunKind.IMPORT,
        cause=cause,
        now=uow.now,
        since=_checked(since, uow.now) or window(channel, uow.now),
        media=media,
        whole=not chats,
    )
    return set_going(uow, HistoryRuns(uow).add(run), chats)


def set_going(uow: UnitOfWork, run: HistoryRun, chats: Sequence[str] | None = None) -> HistoryRun:
    """Let the run's first step be done, which is to list the chats unless they are named."""
    if chats:
        Cursors(uow, run).add(ListedChat(address=each, subject=None, last_at=None) for each in addresses(chats))
    go_on(uow, run)
    return run


def go_on(uow: UnitOfWork, run: HistoryRun) -> None:
    """Do what is next in the run."""
    if run.next_chat is None:
        start_lanes(uow, run)
    else:
        uow.schedule(ListHistory(run_id=run.id, round=run.round, step=run.attempts))


def resume(uow: UnitOfWork, channel_id: UUID) -> HistoryRun:
    """Go on with the channel's import; chats that could not be read are tried again."""
    run = HistoryRuns(uow).last_import(channel_id)
    run.resume()
    Cursors(uow, run).try_again()
    go_on(uow, run)
    return run


def addresses(chats: Sequence[str]) -> list[str]:
    """Chats as the provider spells them, from phones ("+5511912345678") or addresses. Invalid: one is neither."""
    found = [address(each if "@" in each else f"{each.removeprefix('+')}@c.us") for each in chats]
    if not all(found):
        raise Invalid("write a chat as a phone number or as WhatsApp does, as in 5511912345678@c.us", code="bad_chat")
    return [each for each in found if each]


def _checked(since: datetime | None, now: datetime) -> datetime | None:
    if since is not None and not now - OLDEST <= since < now:
        raise Invalid("`since` lies in the past, and within ten years", code="bad_time")
    return since
