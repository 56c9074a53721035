"""Pages of a history written down: lock, look, decide, write many rows at once and commit, in two round trips."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from shared.crm.channels.model import Channel
from shared.crm.history.chapter import Book, Chapter
from shared.crm.history.cursors import Cursor, advanced
from shared.crm.history.events import ChannelGapRecovered
from shared.crm.history.model import HistoryRun, RunStatus
from shared.crm.history.picture import Asked
from shared.crm.history.taking import Taking, last_json
from shared.crm.inbound.merge import Run
from shared.kernel.ids import uuid7
from shared.kernel.stamps import stamp
from shared.kernel.tasks import Task
from shared.providers.waha.pages import UnreadRow
from shared.runtime.identity import tenant_scope
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import BEGIN, Sql, commit, connections, pipeline
from shared.runtime.retry import retried
from shared.runtime.settings import settings

EMPTY_PAGES = 2  # a page may be empty because the server hides all its rows; two of them are the end
_BEHIND = """
select coalesce(json_agg(m), '[]') from messages m
where m.tenant_id = :tenant_id and m.id = any(array(select jsonb_array_elements_text(cast(:ids as jsonb))::uuid))
"""
_KNOWN = """
select external_id from messages where tenant_id = :tenant_id and channel_id = :channel_id
  and external_id = any(array(select jsonb_array_elements_text(cast(:ids as jsonb))))
"""
_KEEP_UNREAD = """
insert into inbound_deliveries (
    id, tenant_id, project_id, channel_id, provider, event, delivery_key, body, status, problem)
values (:id, :tenant_id, :project_id, :channel_id, 'waha', 'message.any', :delivery_key, :body, 'failed', :problem)
on conflict (tenant_id, channel_id, delivery_key) do nothing
"""
_PROGRESSED = """
update history_runs set updated_at = clock_timestamp(), attempts = 0 where tenant_id = :tenant_id and id = :run_id
"""


@dataclass(frozen=True, kw_only=True)
class ReadPage:
    """A page as it was read: its messages, oldest first, and what could not be understood.

    `delivered` are the ids of those that are no history yet: they were taken in as if delivered, and had been missing.
    `size` is how many rows were asked for; `rows` how many came; `mark` tells the page from others. One that
    `is_repeated` tells what the page before it did, which was all there is.
    """

    cursor: Cursor
    asked: Asked
    delivered: frozenset[str]
    unread: tuple[UnreadRow, ...]
    rows: int
    mark: str | None
    size: int
    is_repeated: bool = False
    phone_address: str | None = None

    @property
    def empty_pages(self) -> int:
        return 0 if self.rows else self.cursor.empty_pages + 1

    @property
    def is_last(self) -> bool:
        return self.is_repeated or self.empty_pages >= EMPTY_PAGES


def write(
    run: HistoryRun,
    channel: Channel,
    pages: Sequence[ReadPage],
    *,
    behind: Sequence[Sql] = (),
    following: Sequence[Task] = (),
) -> None:
    """Write all that the pages say, with how far the run has come by them; written again they change nothing.

    `behind` are statements, and `following` are tasks, of the same transaction. Of a run that was stopped in the
    meantime nothing is written, nor of a page that somebody else has written.
    """
    retried(lambda: _Writing(run, channel, pages, behind, following).run())


def known_ids(channel: Channel, external_ids: Sequence[str]) -> set[str]:
    """Which of these messages are here already."""
    names = {"tenant_id": channel.tenant_id, "channel_id": channel.id}
    known = Sql(_KNOWN, {**names, "ids": list(external_ids)})
    rows = connections(settings().database_url).run(tenant_scope(channel.tenant_id), known)[1]
    return {row[0] or "" for row in rows}


class _Writing:
    def __init__(
        self,
        run: HistoryRun,
        channel: Channel,
        pages: Sequence[ReadPage],
        behind: Sequence[Sql],
        following: Sequence[Task],
    ) -> None:
        self.history, self.channel, self.pages, self.behind, self.following = run, channel, pages, behind, following
        run.collect()  # what an attempt that came to nothing had to tell
        self.taking = Taking(run, channel, [page.asked for page in pages])
        self.names = self.taking.names

    def run(self) -> None:
        with connections(settings().database_url).take() as connection:
            send = partial(pipeline, connection)
            seen = self.taking.look(send, BEGIN, tenant_scope(self.history.tenant_id))
            if seen["run"] != {"status": RunStatus.RUNNING, "round": self.history.round}:
                return
            book = self.taking.open(seen)
            moved = self._decide(send, book)
            outgoing = Outgoing(tenant_id=self.history.tenant_id)
            statements = [*self.taking.statements(), *book.days.statements(), *moved, *self.behind]
            outgoing.collect([*self.taking.aggregates, self.history])
            for task in self.following:
                outgoing.schedule(task)
            progressed = Sql(_PROGRESSED, {**self.names, "run_id": self.history.id})
            commit(connection, *statements, *outgoing.statements(), progressed, after=outgoing.hint())

    def _decide(self, send: Run, book: Book) -> list[Sql]:
        """Take in the pages that nobody else has; the statements that move their cursors."""
        moved: list[Sql] = []
        for page in self.pages:
            if book.seen["cursors"].get(page.cursor.address) == page.cursor.next_row:
                moved.extend(self._taken(page, book))
        book.take_changes()
        self._catch_up(send, book)
        book.end()
        return moved

    def _taken(self, page: ReadPage, book: Book) -> list[Sql]:
        chapter = self.taking.read(book, page.asked, page.delivered)
        chat = chapter.chat or book.people.at(page.asked.all_addresses)
        if chat and page.cursor.subject and not chat.subject:
            chat.called(page.cursor.subject, stamp(self.history.started_at, content=page.cursor.subject))
        self._tell_of_gaps(chapter)
        for row in page.unread:
            if chat:
                book.days.not_understood(chat.id, _raw(row), row.at or book.now)
        counts = {
            "read": len(page.asked.messages),
            "added": len(chapter.added) + chapter.delivered,
            "known": chapter.known,
            "unread": len(page.unread),
        }
        place = {"next_row": page.cursor.next_row + page.size, "empty_pages": page.empty_pages}
        known = {
            "phone_address": page.phone_address or page.cursor.phone_address,
            "last_page": page.mark or page.cursor.last_page,
        }
        cursor = advanced(
            self.history.tenant_id, self.history.id, page.cursor, done=page.is_last, **place, **known, **counts
        )
        return [cursor, *(self._kept_raw(row) for row in page.unread)]

    def _tell_of_gaps(self, chapter: Chapter) -> None:
        for day, recovered in chapter.recovered.values():
            names = {"channel_id": self.history.channel_id, "run_id": self.history.id, "chat_id": day.chat_id}
            self.history.record(ChannelGapRecovered(**names, day=day.day, recovered=recovered))

    def _catch_up(self, send: Run, book: Book) -> None:
        """Bring messages that are here as far as the provider says that they have come; say what was only announced."""
        if book.behind or book.changed:
            ids = [message_id for _, message_id in (*book.behind, *book.changed)]
            book.catch_up(last_json(send(Sql(_BEHIND, {**self.names, "ids": ids}))))

    def _kept_raw(self, row: UnreadRow) -> Sql:
        """What could not be understood, as a delivery that an operator can see and have worked off again."""
        told = {"event": "message.any", "session": self.channel.session_name, "engine": self.channel.engine}
        body = json.dumps({**told, "payload": row.payload}).encode()
        key = f"history {hashlib.sha256(body).hexdigest()}"
        names = {**self.names, "id": uuid7(), "delivery_key": key}
        return Sql(_KEEP_UNREAD, {**names, "body": body, "problem": row.problem})


def _raw(row: UnreadRow) -> str:
    return json.dumps(row.payload, sort_keys=True)
