"""A history read from a WAHA that answers at once and written down, beside a COPY of the very same rows."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from unittest.mock import patch
from uuid import UUID

import httpx

from infra.bench.figures import Figure, Measure, at_least, interleaved, medians
from infra.fakes.waha import FakeWaha
from infra.fakes.waha_corpus import Corpus
from shared.crm.channels.model import Channel
from shared.crm.channels.store import Channels
from shared.crm.history import lanes, reading
from shared.crm.history.model import RunCause
from shared.crm.history.store import HistoryRuns
from shared.crm.history.tasks import ListHistory, ReadHistory
from shared.crm.history.use_cases import LANES, begin_import
from shared.kernel.ids import uuid7
from shared.providers.waha.history import Archive
from shared.runtime.consume import Transactions
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, COMMIT, Copy, connections, copied, pipeline, sql
from shared.runtime.settings import settings
from shared.runtime.work import unit_of_work
from tests.benchmarks.stage import Stage, analyse
from tests.support.api import Api
from tests.support.waha import waha_channel
from tests.support.world import World

ENGINE, SESSION, KEY = "GOWS", "old", "waha-key"
CHATS, MESSAGES = 120, 20_000
COPY = "COPY of the same rows"
PER_SECOND = 5_000
_ROWS = "select {columns} from messages where channel_id = :id order by id"
_COLUMNS = """
select attname from pg_attribute
where attrelid = 'messages'::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum
"""
_WORDS_GONE = "delete from message_words where message_id in (select id from messages where channel_id = :id)"
_GONE = "delete from messages where channel_id = :id"
_FOLLOWS = "select 1 from outbox_tasks where tenant_id = :tenant_id and dedup_name = :name"


class Memory:
    """A WAHA's answers, kept when first given: from then on none takes any time."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._answers: dict[tuple[str, str], bytes] = {}
        self._http = httpx.Client(trust_env=False, timeout=60)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.path, request.url.params.get("offset", "")
        if asked not in self._answers:
            self._answers[asked] = self._http.send(request).raise_for_status().content
        return httpx.Response(200, content=self._answers[asked])

    def open(self, channel: Channel) -> Archive:
        http = httpx.Client(transport=httpx.MockTransport(self))
        return Archive(base_url=self.url, api_key=KEY, session=channel.session_name, engine=ENGINE, http=http)


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with remembered() as memory:
        imported(stage, memory)
        analyse(stage.database)
        contestants: dict[str, Measure] = {"ours": lambda: imported(stage, memory), COPY: copying(stage)}
        found = medians(interleaved(contestants, rounds))
    ours = partial(Figure, work="history import, messages", unit="/s", ours=found["ours"])
    return [ours(peer="", aim=at_least(PER_SECOND)), ours(peer=COPY, theirs=found[COPY])]


@contextmanager
def remembered() -> Iterator[Memory]:
    """What a WAHA remembers of half a year."""
    with FakeWaha() as waha:
        waha.add_session(SESSION, ENGINE, api_key=KEY)
        corpus = Corpus(until=int(time.time()) - 3600, chats=CHATS, messages=MESSAGES)
        waha.archives[SESSION] = corpus.archive(ENGINE)
        memory = Memory(waha.url)
        with patch.object(lanes, "open_archive", memory.open), patch.object(reading, "open_archive", memory.open):
            yield memory


def imported(stage: Stage, memory: Memory) -> float:
    """Messages per second of an import into a channel of its own, its lanes side by side."""
    channel = waha_channel(
        World(stage.database), Api(), stage.tenant, engine=ENGINE, base_url=memory.url, session_name=SESSION, bot=False
    )
    with unit_of_work(stage.tenant.tenant_id) as uow:
        run = begin_import(uow, Channels(uow).get(channel.id), cause=RunCause.REQUESTED)
        uow.commit()
    transactions = Transactions(stage.tenant.tenant_id, "read_history", uuid7())
    began = time.monotonic()
    for step in range(3):
        lanes.list_chats(transactions, ListHistory(run_id=run.id, round=run.round, step=step))
    with ThreadPoolExecutor(LANES) as threads:
        list(threads.map(lambda lane: _lane(transactions, run.id, lane), range(LANES)))
    seconds = time.monotonic() - began
    with unit_of_work(stage.tenant.tenant_id) as uow:
        totals = HistoryRuns(uow).get(run.id).totals
    assert totals, "the import did not come to its end"
    assert totals.added == MESSAGES, f"{totals.added} of {MESSAGES} messages were added"
    return MESSAGES / seconds


def _lane(transactions: Transactions, run_id: UUID, lane: int) -> None:
    """Do the steps of one lane for as long as another is scheduled."""
    for step in count():
        lanes.read_on(transactions, ReadHistory(run_id=run_id, round=1, lane=lane, step=step))
        following = ReadHistory(run_id=run_id, round=1, lane=lane, step=step + 1).dedup_name()
        scheduled = sql(_FOLLOWS, tenant_id=transactions.tenant_id, name=following)
        if not connections(settings().database_url).run(tenant_scope(transactions.tenant_id), scheduled)[1]:
            return


def copying(stage: Stage) -> Measure:
    """What takes the last import's rows away and copies them back into the same table; their number per second."""
    admin = connections(stage.database.admin_url)
    names = {"id": admin.run(sql("select id from channels order by created_at desc, id desc limit 1"))[0][0][0]}
    columns = ", ".join(row[0] or "" for row in admin.run(sql(_COLUMNS))[0])
    rows = admin.run(sql(_ROWS.format(columns=columns), **names))[0]
    copy = Copy(f"copy messages ({columns}) from stdin", copied(rows))

    def measured() -> float:
        admin.run(sql(_WORDS_GONE, **names), sql(_GONE, **names))
        with admin.take() as connection:
            began = time.monotonic()
            pipeline(connection, BEGIN, copy, COMMIT)
            return MESSAGES / (time.monotonic() - began)

    return measured
