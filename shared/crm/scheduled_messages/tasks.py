"""The timer of a scheduled message."""

from uuid import UUID

from shared.kernel.tasks import Task


class SendScheduledMessage(Task, name="send_scheduled_message", queue="timers"):
    """Send a message whose time has come; if it has not, wait on."""

    scheduled_message_id: UUID
