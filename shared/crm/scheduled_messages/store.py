"""Where scheduled messages are kept."""

from shared.crm.scheduled_messages.model import ScheduledMessage
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

scheduled_messages = map_aggregate(ScheduledMessage, "scheduled_messages")


class ScheduledMessages(Repository[ScheduledMessage]):
    kind = ScheduledMessage
