"""A process that reads histories and can be killed: `python -m tests.campaigns.historian ADMIN_DATABASE_URL HURRY`.

It does the tasks of the outbox that histories are made of, several at once, and marks each as done behind it: whoever
kills it in between has the task done again. HURRY multiplies how long it waits before it asks again for what failed.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from shared.crm.history import model
from shared.runtime.postgres import Connections, Row, sql
from tests.support.calls import doer
from tests.support.world import perform

# As each waits for WAHA half of its time. Many more only make each other, and whoever writes, wait.
LANES = 2 * (os.cpu_count() or 1)
LOOKED_EVERY, OK = 0.03, 300
_DUE = """
select id, task, body from outbox_tasks
where published_at is null and queue = 'history' and coalesce(run_at, created_at) <= clock_timestamp()
order by seq limit 50
"""
_DONE = "update outbox_tasks set published_at = clock_timestamp() where id = :id"
_LATER = "update outbox_tasks set run_at = clock_timestamp() + interval '0.3 seconds' where id = :id"


class Historian:
    """Does what is due, each task once at a time."""

    def __init__(self, admin_url: str) -> None:
        self._admin = Connections(admin_url)
        self._under_way: set[str] = set()
        self._pause = threading.Event()

    def work(self, until: Callable[[], bool]) -> None:
        with ThreadPoolExecutor(LANES) as threads:
            while not until():
                for row in self._admin.run(sql(_DUE))[0]:
                    if row[0] not in self._under_way and len(self._under_way) < LANES:
                        self._under_way.add(row[0] or "")
                        threads.submit(self._do, row)
                self._pause.wait(LOOKED_EVERY)
        self._admin.close()

    def _do(self, row: Row) -> None:
        task_id, task, body = (value or "" for value in row)
        done = False
        try:
            done = perform(doer(task), json.loads(body)) < OK
        finally:
            self._admin.run(sql(_DONE if done else _LATER, id=task_id))
            self._under_way.discard(task_id)


@contextmanager
def working(admin_url: str) -> Iterator[None]:
    """A historian in a thread of this process."""
    over = threading.Event()
    thread = threading.Thread(target=Historian(admin_url).work, args=(over.is_set,))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def main() -> None:
    os.nice(5)  # as in the cloud, where it has processors of its own and live functions have others
    admin_url, hurry, parent = sys.argv[1], float(sys.argv[2]), os.getppid()
    model.BACKOFF = tuple(pause * hurry for pause in model.BACKOFF)  # type: ignore[assignment] # a pause less long
    Historian(admin_url).work(lambda: os.getppid() != parent)  # whoever began it may be gone


if __name__ == "__main__":
    main()
