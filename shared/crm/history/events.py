"""What happens to a channel's history, and messages that come from it."""

from datetime import date, datetime
from uuid import UUID

from shared.crm.channels.events import ChannelEvent
from shared.kernel.events import Event


class HistoryEvent(ChannelEvent):
    run_id: UUID


class ChannelHistoryImportRequested(HistoryEvent, name="channel.history_import_requested"):
    since: datetime


class ChannelHistoryImportStarted(HistoryEvent, name="channel.history_import_started"):
    """All chats are listed, and their messages are being read."""

    chats: int


class ChannelHistoryImportProgressed(HistoryEvent, name="channel.history_import_progressed"):
    chats: int
    chats_done: int
    chats_failed: int
    read: int
    added: int


class ChannelHistoryImportPaused(HistoryEvent, name="channel.history_import_paused"):
    """By somebody; or by itself, for that reason, and then it resumes by itself."""

    reason: str | None = None


class ChannelHistoryImportResumed(HistoryEvent, name="channel.history_import_resumed"):
    pass


class ChannelHistoryImportCancelled(HistoryEvent, name="channel.history_import_cancelled"):
    by: UUID | None


class ChannelHistoryImportCompleted(HistoryEvent, name="channel.history_import_completed"):
    chats: int
    read: int
    added: int
    known: int


class ChannelHistoryImportFailed(HistoryEvent, name="channel.history_import_failed"):
    code: str
    reason: str


class ChannelGapDetected(HistoryEvent, name="channel.gap_detected"):
    """Something may be missing from that time, so it is compared with what the provider has."""

    since: datetime
    until: datetime
    reason: str


class ChannelGapRecovered(HistoryEvent, name="channel.gap_recovered"):
    """So many messages of a chat's day were missing and are here now."""

    chat_id: UUID
    day: date
    recovered: int


class MessageImported(Event, name="message.imported", ordered_by="chat_id"):
    """Old messages of one chat were taken over, oldest first: one page, not one message.

    They come from the provider's history, or from whoever calls the API.
    """

    run_id: UUID
    channel_id: UUID
    chat_id: UUID
    contact_id: UUID | None
    message_ids: list[UUID]
    first_at: datetime
    last_at: datetime
