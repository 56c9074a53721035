"""Work on a channel's history that is done later, a step at a time."""

from datetime import datetime
from uuid import UUID

from shared.crm.history.model import RunCause
from shared.kernel.tasks import Task


class ListHistory(Task, name="list_history", queue="history", once_per=("run_id", "round", "step")):
    """Read on in the list of chats of a run, behind the page of that mark; so many came empty just before."""

    run_id: UUID
    round: int
    step: int
    empty_pages: int = 0
    last_page: str | None = None


class ReadHistory(Task, name="read_history", queue="history", once_per=("run_id", "round", "lane", "step")):
    """Read on in some chats of a run; each lane has its own."""

    run_id: UUID
    round: int
    lane: int
    step: int


class CollectLeftMedia(Task, name="collect_left_media", queue="history", once_per=("run_id", "after")):
    """Have the files fetched that earlier runs over the same time left where they were, from one message on."""

    run_id: UUID
    after: UUID | None = None


class ReviveHistory(Task, name="revive_history", queue="sweeps"):
    """Set a run going again whose lanes were lost."""

    run_id: UUID


class RecoverHistory(Task, name="recover_history", queue="sweeps", once_per=("channel_id", "behind", "turn")):
    """Compare a channel since that time, which was to be done at another, when the run `behind` was under way.

    If its cause is that the channel was connected, `behind` is an import, and is to be done again.
    """

    channel_id: UUID
    behind: UUID
    turn: int
    cause: RunCause
    since: datetime
    at: datetime


class ReconcileHistory(Task, name="reconcile_history", queue="sweeps", once_per=("channel_id", "night")):
    """Compare a channel's last days with what its provider has."""

    channel_id: UUID
    night: str
