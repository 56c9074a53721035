"""Pub/Sub, Cloud Tasks and Cloud Scheduler of the local cloud, in one process: `python -m infra.local.bus`."""

import argparse
import asyncio
import json
import logging
import signal
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from infra.local import grpc_server
from infra.local.http_client import HttpClient
from infra.local.journal import Journal
from infra.local.pubsub import PubSub
from infra.local.push import Pusher
from infra.local.scheduler import Job, Scheduler, jobs_from
from infra.local.task_queue import Services, Tombstones
from infra.local.tasks import Tasks
from infra.local.tokens import TokenIssuer

_REST = 0.2  # seconds between two knocks at a door that nobody opens
_START_SECONDS = 30


class _Running(NamedTuple):
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    scheduler: Scheduler
    pubsub_port: int
    tasks_port: int


class Bus:
    """The three services in a thread of this process, for as long as the context lasts.

    State is in `data` and is taken up from there. `scale` multiplies ack deadlines, dispatch deadlines, backoff and
    the rest between two connections to a target that is down; schedule times and cron are not scaled. Port 0 takes a
    free one.
    """

    def __init__(
        self,
        data: Path,
        *,
        service_account: str,
        pubsub_port: int = 0,
        tasks_port: int = 0,
        jobs: Iterable[Job] = (),
        scale: float = 1.0,
    ) -> None:
        self.pubsub_port, self.tasks_port = pubsub_port, tasks_port
        self.tokens = TokenIssuer(data)
        self._data, self._service_account, self._jobs, self._scale = data, service_account, jobs, scale
        self._started: Future[_Running] = Future()
        self._thread = threading.Thread(target=self._run, name="bus", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        running = self._started.result(_START_SECONDS)
        self.pubsub_port, self.tasks_port = running.pubsub_port, running.tasks_port
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        running = self._started.result()
        running.loop.call_soon_threadsafe(running.stop.set)
        self._thread.join()

    def run_job(self, name: str) -> int | None:
        """Call a job now; the status it answered, None if it did not."""
        running = self._started.result()
        return asyncio.run_coroutine_threadsafe(running.scheduler.run(name), running.loop).result()

    def _run(self) -> None:
        try:
            journal = Journal(self._data / "bus.sqlite")
            try:
                asyncio.run(self._serve(journal))
            finally:
                journal.close()
        except Exception as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self, journal: Journal) -> None:
        """Run until told to stop; what is then in flight is cut off, and goes out again after the next start."""
        clients = [HttpClient(rest=_REST * self._scale) for _ in range(3)]
        pubsub = PubSub(journal, Pusher(clients[0], self.tokens, self._scale), self._scale)
        tasks = Tasks(Services(journal, clients[1], self.tokens, Tombstones(journal), self._scale))
        scheduler = Scheduler(self._jobs, clients[2], self.tokens, self._service_account)
        pubsub.restore()
        tasks.restore()
        pubsub_server, pubsub_port = await grpc_server.serve(pubsub.services(), journal, self.pubsub_port)
        tasks_server, tasks_port = await grpc_server.serve(tasks.services(), journal, self.tasks_port)
        clock = asyncio.create_task(scheduler.keep_time())
        stop = asyncio.Event()
        self._started.set_result(_Running(asyncio.get_running_loop(), stop, scheduler, pubsub_port, tasks_port))
        await stop.wait()
        clock.cancel()
        await pubsub_server.stop(0)
        await tasks_server.stop(0)
        for client in clients:
            client.close()


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "severity": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: record.__dict__[name] for name in _FACTS if name in record.__dict__}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


_FACTS = ("subscription", "task", "job", "status")


def main() -> None:
    arguments = _arguments()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    with Bus(
        arguments.data,
        service_account=arguments.service_account,
        pubsub_port=arguments.pubsub_port,
        tasks_port=arguments.tasks_port,
        jobs=jobs_from(arguments.jobs) if arguments.jobs else (),
        scale=arguments.scale,
    ) as bus:
        print(json.dumps({"pubsub_port": bus.pubsub_port, "tasks_port": bus.tasks_port}), flush=True)
        stop.wait()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.bus", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="directory of the journal and of the issuer's key")
    parser.add_argument("--pubsub-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--tasks-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--service-account", required=True, help="the account that scheduled jobs are called as")
    parser.add_argument("--jobs", type=Path, help='JSON file, a list of {"name", "cron", "url"}')
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies ack deadlines and backoff")
    return parser.parse_args()


if __name__ == "__main__":
    main()
