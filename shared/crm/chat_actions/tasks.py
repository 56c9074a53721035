"""What is done to chats at the provider."""

from uuid import UUID

from shared.kernel.tasks import Task


class PerformChatAction(Task, name="perform_chat_action", queue="actions"):
    """Have the provider do something to a chat."""

    action_id: UUID
