"""Cloud Scheduler: calls each job at the minutes its cron expression names; what was missed while down stays missed."""

import asyncio
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.local.cron import Cron
from infra.local.http_client import Failed, HttpClient, Request
from infra.local.tokens import TokenIssuer

_ATTEMPT_SECONDS = 180
_MINUTE = timedelta(minutes=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    name: str
    cron: Cron
    url: str


def jobs_from(path: Path) -> list[Job]:
    """Read the jobs of a JSON file: a list of {"name", "cron", "url"}."""
    return [Job(job["name"], Cron.parse(job["cron"]), job["url"]) for job in json.loads(path.read_text("utf-8"))]


class Scheduler:
    def __init__(self, jobs: Iterable[Job], client: HttpClient, tokens: TokenIssuer, service_account: str) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._client, self._tokens, self._service_account = client, tokens, service_account
        self._firing: set[asyncio.Task[int | None]] = set()

    async def keep_time(self) -> None:
        """Fire what is due at each minute, until cancelled."""
        moment = datetime.now(UTC)
        while True:
            # The clock may be read a little before the minute it has just fired, and far after one it slept through.
            moment = max(moment, datetime.now(UTC)).replace(second=0, microsecond=0) + _MINUTE
            await asyncio.sleep((moment - datetime.now(UTC)).total_seconds())
            self.fire(moment)

    def fire(self, moment: datetime) -> None:
        """Start every job that is due at this minute."""
        for job in self._jobs.values():
            if job.cron.includes(moment):
                task = asyncio.create_task(self.run(job.name, moment))
                self._firing.add(task)
                task.add_done_callback(self._firing.discard)

    async def run(self, name: str, moment: datetime | None = None) -> int | None:
        """Call one job now; return the status it answered, None if it did not. KeyError if there is no such job."""
        job = self._jobs[name]
        token = self._tokens.mint(job.url, self._service_account)
        headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": name,
            "X-CloudScheduler-ScheduleTime": (moment or datetime.now(UTC)).isoformat(),
        }
        try:
            status = await self._client.send(Request(url=job.url, headers=headers), seconds=_ATTEMPT_SECONDS)
        except Failed as reason:
            _log.warning("a job got no answer: %s", reason, extra={"job": name})
            return None
        _log.info("a job was called", extra={"job": name, "status": status})
        return status
