"""The timers of a message group."""

from uuid import UUID

from shared.kernel.tasks import Task


class FlushMessageGroup(Task, name="flush_message_group", queue="timers", once_per=("group_id", "generation")):
    """Look whether a group has been quiet for long enough; the generation tells an old timer from the present one."""

    group_id: UUID
    generation: int


class CloseMessageGroup(Task, name="close_message_group", queue="sweeps"):
    """Do what a lost timer should have done; without a name, as the lost one's would stand in the way."""

    group_id: UUID
    generation: int


class SettleMessageGroup(Task, name="settle_message_group", queue="sweeps"):
    """End a group that nobody has answered for far too long."""

    group_id: UUID
