"""Faults in reading a history, each of which a campaign must see."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from shared.crm.history import lanes
from shared.crm.history.chapter import Book
from shared.crm.history.cursors import Cursor
from shared.crm.history.reading import read as real_read
from shared.crm.history.stretches import Stretches
from shared.crm.history.writing import ReadPage
from shared.providers.waha.pages import MESSAGES_AT_ONCE
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, COMMIT, connections, pipeline, sql
from shared.runtime.settings import settings

DIES_ONCE_IN = 3
_MOVE = """
update history_chats set next_row = next_row + :rows where tenant_id = :tenant_id and run_id = :run_id
  and address = :address
"""


class Killed(Exception):
    """What a step dies of: whatever was under way is lost."""


@contextmanager
def moved_before_read() -> Iterator[None]:
    """How far a chat was read is written down before its page is; then comes what may come."""
    numbers = itertools.count(1)

    def read(run: Any, channel: Any, cursors: list[Cursor], now: Any) -> Any:
        moved = [replace(each, next_row=each.next_row + MESSAGES_AT_ONCE) for each in cursors]
        with connections(settings().database_url).take() as connection:
            for each in cursors:
                place = {"tenant_id": run.tenant_id, "run_id": run.id, "address": each.address}
                move = sql(_MOVE, rows=MESSAGES_AT_ONCE, **place)
                pipeline(connection, BEGIN, tenant_scope(run.tenant_id), move, COMMIT)
        if next(numbers) % DIES_ONCE_IN == 0:
            raise Killed
        found = real_read(run, channel, cursors, now)
        place_of = {each.address: each for each in moved}
        found.pages = [replace(page, cursor=place_of[page.cursor.address], size=0) for page in found.pages]
        return found

    with patch.object(lanes, "read", read):
        yield


def short_page_is_the_end() -> Any:
    """A page with fewer rows than were asked for is taken for the last one."""
    return patch.object(ReadPage, "is_last", property(lambda page: page.rows < page.size))


def progress_forgotten() -> Any:
    """What the provider says of how far a message has come is not taken."""
    return patch.object(Book, "acknowledge", lambda *_: None)


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
