"""A process that reads histories and can be killed: `python -m tests.campaigns.historian ADMIN_DATABASE_URL [FAULT]`.

It does the tasks of the outbox that histories are made of, several at once, and marks each as done behind it: whoever
kills it in between has the task done again.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from shared.crm.history import lanes
from shared.crm.history.chapter import Book, Chapter
from shared.crm.history.cursors import Cursor
from shared.crm.history.reading import read as real_read
from shared.crm.history.stretches import Stretches
from shared.crm.history.writing import ReadPage
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, COMMIT, Connections, Row, connections, pipeline, sql
from shared.runtime.settings import settings
from tests.support.calls import doer
from tests.support.world import perform

LANES, LOOKED_EVERY, OK = 6, 0.03, 300
KILLED_ONCE_IN = 6
_DUE = """
select id, task, body from outbox_tasks
where published_at is null and queue = 'history' and coalesce(run_at, created_at) <= clock_timestamp()
order by seq limit 50
"""
_DONE = "update outbox_tasks set published_at = clock_timestamp() where id = :id"
_LATER = "update outbox_tasks set run_at = clock_timestamp() + interval '0.3 seconds' where id = :id"
_MOVE = """
update history_chats set next_row = next_row + 100 where tenant_id = :tenant_id and run_id = :run_id
  and address = :address
"""


def moved_before_read() -> Any:
    """How far a chat was read is written down before its page is; then comes what may come."""

    def read(run: Any, channel: Any, cursors: list[Cursor], now: Any) -> Any:
        with connections(settings().database_url).take() as connection:
            for cursor in cursors:
                move = sql(_MOVE, tenant_id=run.tenant_id, run_id=run.id, address=cursor.address)
                pipeline(connection, BEGIN, tenant_scope(run.tenant_id), move, COMMIT)
        if random.randrange(KILLED_ONCE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real_read(run, channel, cursors, now)

    return patch.object(lanes, "read", read)


def short_page_is_the_end() -> Any:
    """A page with fewer rows than were asked for is taken for the last one."""
    return patch.object(ReadPage, "is_last", property(lambda page: page.rows < page.size))


def progress_forgotten() -> Any:
    """What the provider says of how far a message has come is not taken."""
    return patch.object(Chapter, "_acknowledge", lambda *_: None)


def numbered_at_random() -> Any:
    """Messages of one second are put in any order."""
    return patch.object(Book, "next_id", lambda _: uuid4())


def one_session_for_all() -> Any:
    """A chat's messages are put into one session, whatever silence lies between them."""
    place = Stretches.place

    def into_the_first(stretches: Any, at: Any) -> Any:
        if not stretches._sessions:
            return place(stretches, at)
        stretches._sessions[0].take(at)
        return stretches._sessions[0]

    return patch.object(Stretches, "place", into_the_first)


PLANTED: dict[str, Callable[[], Any]] = {
    fault.__name__: fault
    for fault in (
        moved_before_read,
        short_page_is_the_end,
        progress_forgotten,
        numbered_at_random,
        one_session_for_all,
    )
}


class Historian:
    """Does what is due, each task once at a time."""

    def __init__(self, admin_url: str) -> None:
        self._admin = Connections(admin_url)
        self._under_way: set[str] = set()
        self._parent = os.getppid()

    def work(self) -> None:
        with ThreadPoolExecutor(LANES) as threads:
            while os.getppid() == self._parent:  # whoever began it may be gone
                for row in self._admin.run(sql(_DUE))[0]:
                    if row[0] not in self._under_way and len(self._under_way) < LANES:
                        self._under_way.add(row[0] or "")
                        threads.submit(self._do, row)
                time.sleep(LOOKED_EVERY)

    def _do(self, row: Row) -> None:
        task_id, task, body = (value or "" for value in row)
        done = False
        try:
            done = perform(doer(task), json.loads(body)) < OK
        finally:
            self._admin.run(sql(_DONE if done else _LATER, id=task_id))
            self._under_way.discard(task_id)


def main() -> None:
    os.nice(5)  # as in the cloud, where it has processors of its own and live functions have others
    for name in sys.argv[2:]:
        PLANTED[name]().start()
    Historian(sys.argv[1]).work()


if __name__ == "__main__":
    main()
