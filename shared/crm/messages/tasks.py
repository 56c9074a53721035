"""Work on messages that is done later."""

from uuid import UUID

from shared.kernel.tasks import Task


class ReconcileMessage(Task, name="reconcile_message", queue="reconcile", once_per=("message_id", "attempt")):
    """Ask the provider whether a message with an unknown outcome was sent."""

    message_id: UUID
    attempt: int


class ResumeMessage(Task, name="resume_message", queue="sweeps"):
    """Go on with a message whose sending began, or should have begun, and never ended."""

    message_id: UUID


class TellRead(Task, name="tell_read", queue="actions"):
    """Tell the customer that we have read what they wrote up to a message."""

    message_id: UUID
