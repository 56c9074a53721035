"""Work on contacts that is done later."""

from uuid import UUID

from shared.kernel.tasks import Task


class LookUpLid(Task, name="look_up_lid", queue="reconcile"):
    """Ask the provider for the phone behind a hidden id."""

    lookup_id: UUID
