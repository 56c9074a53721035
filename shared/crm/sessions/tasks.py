"""The timeout of a session."""

from uuid import UUID

from shared.kernel.tasks import Task


class ExpireSession(Task, name="expire_session", queue="sweeps"):
    """Close a session in which nothing was said for longer than its timeout."""

    session_id: UUID
