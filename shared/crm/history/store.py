"""Where runs through a channel's history are kept and how they are found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_

from shared.crm.history.model import HistoryRun, RunCause, RunKind, RunStatus
from shared.kernel.errors import NotFound
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

history_runs = map_aggregate(HistoryRun, "history_runs")


class HistoryRuns(Repository[HistoryRun]):
    kind = HistoryRun

    def at_work(self, run_id: UUID, round: int, *, lock: bool = False) -> HistoryRun | None:
        """The run, if there still is one and what was set going in that round is to go on."""
        run = self.first(history_runs.c.id == run_id, lock=lock)
        return run if run and run.works(round) else None

    def active(self, channel_id: UUID, kind: RunKind) -> HistoryRun | None:
        """The channel's run of that kind that is not over."""
        under_way = history_runs.c.status.in_((RunStatus.RUNNING, RunStatus.PAUSED))
        return self.first(history_runs.c.channel_id == channel_id, history_runs.c.kind == kind, under_way)

    def unfinished(self, channel_id: UUID) -> list[HistoryRun]:
        """The channel's runs that are not over, or are going to be begun again."""
        under_way = history_runs.c.status.in_((RunStatus.RUNNING, RunStatus.PAUSED))
        return self.all(history_runs.c.channel_id == channel_id, or_(under_way, history_runs.c.resumes_at.is_not(None)))

    def resting(self, channel_id: UUID) -> list[HistoryRun]:
        """The channel's runs that wait for its server to answer, locked."""
        waiting = history_runs.c.status == RunStatus.PAUSED, history_runs.c.resumes_at.is_not(None)
        return self.all(history_runs.c.channel_id == channel_id, *waiting, lock=True)

    def compares(self, channel_id: UUID, since: datetime, until: datetime) -> bool:
        """Whether all of that time has been compared, or is about to be."""
        going = history_runs.c.status.in_((RunStatus.RUNNING, RunStatus.COMPLETED))
        whole = history_runs.c.since <= since, history_runs.c.until >= until
        ours = history_runs.c.channel_id == channel_id, history_runs.c.kind == RunKind.RECONCILIATION
        return self.first(*ours, going, *whole) is not None

    def at_connection(self, channel_id: UUID) -> list[HistoryRun]:
        """The imports that the channel's connection began, oldest first."""
        ours = history_runs.c.channel_id == channel_id, history_runs.c.kind == RunKind.IMPORT
        return sorted(self.all(*ours, history_runs.c.cause == RunCause.CONNECTED), key=lambda run: run.id)

    def last_import(self, channel_id: UUID) -> HistoryRun:
        """The channel's newest import, locked. NotFound: there is none."""
        ours = history_runs.c.channel_id == channel_id, history_runs.c.kind == RunKind.IMPORT
        found = sorted(self.all(*ours, lock=True), key=lambda run: run.id)
        if not found:
            raise NotFound("this channel has no history import")
        return found[-1]
