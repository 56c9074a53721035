"""Old messages taken in, wherever they come from: lock, look, decide, and write many rows at once."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import from_json

from shared.crm.channels.model import Channel
from shared.crm.history.chapter import Book, Chapter
from shared.crm.history.days import Days
from shared.crm.history.model import HistoryRun
from shared.crm.history.people import People, circle_of, next_merge
from shared.crm.history.picture import Asked, Recall
from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.merge import Pair, Run, merge_contacts, were_parted
from shared.crm.messages.model import Message
from shared.kernel.aggregate import Aggregate
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Copy, Row, Sql, copied, sql

# What history can say of a message; the rest of its columns have their defaults, or are the same for all.
COLUMNS = (
    *("id", "chat_id", "session_id", "contact_id", "direction", "sender_kind", "sender_contact_id", "agent_id"),
    *("external_id", "provider_id", "type", "status", "text", "media", "location", "cards"),
    *("quoted_external_id", "quoted_message_id", "sent_at", "delivered_at", "read_at", "played_at"),
    *("failure_code", "failure_reason", "edited_at", "edit_stamp", "revoked_at", "is_placeholder"),
)
_NAMES = ", ".join(COLUMNS)
_JSON = tuple(map(COLUMNS.index, ("media", "location", "cards")))
_columns = attrgetter(*COLUMNS)
_STAGE = sql(f"create temp table history_page on commit drop as select {_NAMES} from messages with no data")  # noqa: S608 - our own words
_COPY = f"copy history_page ({_NAMES}) from stdin"
_ADD = f"""
with added as (
    insert into messages (tenant_id, project_id, channel_id, version, {_NAMES})
    select :tenant_id, :project_id, :channel_id, 1, {_NAMES} from history_page
    on conflict (tenant_id, channel_id, external_id) do nothing returning 1
)
select must_equal(count(*), :count) from added
"""  # noqa: S608 - our own words
_ANSWERED_LATER = """
update messages later set quoted_message_id = page.id, version = later.version + 1
from history_page page
where later.tenant_id = :tenant_id and later.channel_id = :channel_id and later.quoted_message_id is null
  and later.quoted_external_id = page.external_id
"""


class Taking:
    """What one transaction takes in: some pages of messages, each of one chat."""

    def __init__(self, run: HistoryRun, channel: Channel, pages: Sequence[Asked]) -> None:
        self.history, self.channel, self.pages = run, channel, pages
        self.names = {"tenant_id": run.tenant_id, "project_id": run.project_id, "channel_id": run.channel_id}
        self.ledger = Ledger()
        self.added: list[Message] = []
        self._recall = Recall(**self.names, run_id=run.id, pages=pages)
        self._circle = circle_of(pages)
        self._touched: list[Aggregate] = []

    def look(self, send: Run, *first: Sql) -> dict[str, Any]:
        """Lock all that the pages name and read what is known of it; `first` is sent before."""
        seen: dict[str, Any] = last_json(send(*first, *self._recall.locks(), self._recall.picture()))
        # The pages may show that two contacts are one person: that is settled before anything else.
        parted: set[Pair] = set()
        while pair := next_merge(seen, self._circle, self.pages, parted):
            if were_parted(send, self.history.tenant_id, pair):
                parted.add(pair)
                continue
            merged = merge_contacts(send, self.history.tenant_id, *pair)
            self._touched.extend(merged.batch.aggregates)
            seen = last_json(send(*self._recall.locks(), self._recall.picture()))
        return seen

    def open(self, seen: dict[str, Any]) -> Book:
        """What the pages share, to be read into one after the other."""
        people = People(self.history, self._circle, self.ledger, seen)
        days = Days(self.history, seen["days"], ZoneInfo(seen["project"]["timezone"]))
        book = Book(self.history, self.channel, people, self.ledger, days, seen)
        book.number(sum(len(page.messages) for page in self.pages))
        return book

    def read(self, book: Book, page: Asked, delivered: frozenset[str] = frozenset()) -> Chapter:
        """Take in one page."""
        book.people.meet(page, book.seen)
        chapter = Chapter(book, page, delivered)
        chapter.read()
        self.added.extend(chapter.added)
        return chapter

    def statements(self) -> list[Sql | Copy]:
        """People, chats and sessions, then the messages, then what needs them to be there."""
        afterwards = self.ledger.ending()
        first = self.ledger.write().statements
        return [*first, *self._messages(), *afterwards]

    @property
    def aggregates(self) -> list[Aggregate]:
        """All whose events are to be told, once the statements are made."""
        return [*self._touched, *self.ledger.batch.aggregates, *self.added]

    def _messages(self) -> list[Sql | Copy]:
        if not self.added:
            return []
        rows = copied(map(_row, self.added))
        add = Sql(_ADD, {**self.names, "count": len(self.added)})
        return [_STAGE, Copy(_COPY, rows), add, Sql(_ANSWERED_LATER, self.names)]


def last_json(rows: list[list[Row]]) -> Any:
    """What the last statement read."""
    return from_json(rows[-1][0][0] or "")


def _row(message: Message) -> list[Any]:
    row = list(_columns(message))
    for place in _JSON:
        row[place] = None if row[place] is None else as_json(row[place])
    return row
