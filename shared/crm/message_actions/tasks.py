"""What is done at the provider beside sending."""

from datetime import datetime
from uuid import UUID

from shared.kernel.tasks import Task


class PerformMessageAction(Task, name="perform_message_action", queue="actions"):
    """Have the provider do something to a message."""

    action_id: UUID


class ShowTyping(Task, name="show_typing", queue="actions"):
    """Show in a chat that somebody types, or that nobody does any more; pointless after `until`."""

    chat_id: UUID
    on: bool
    until: datetime
