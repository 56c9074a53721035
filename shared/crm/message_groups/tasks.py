"""The timer of a message group."""

from uuid import UUID

from shared.kernel.tasks import Task


class FlushMessageGroup(Task, name="flush_message_group", queue="timers", once_per=("group_id", "generation")):
    """Look whether a group has been quiet for long enough; the generation tells an old timer from the present one."""

    group_id: UUID
    generation: int
