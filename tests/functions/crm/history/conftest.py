"""A shop whose WAHA remembers half a year, and what of it is here."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from infra.fakes.waha_corpus import Corpus
from infra.fakes.waha_events import Said
from infra.fakes.waha_history import Archive, Kept
from tests.support.shop import ANA, SESSION, Shop, open_shop

ENGINES = ("GOWS", "NOWEB", "WEBJS")
DAY = 86_400
_MESSAGES = """
select m.external_id, m.direction, m.status, m.type, m.text, extract(epoch from m.sent_at)::bigint as at,
    m.read_at is not null as is_read
from messages m where m.tenant_id = :tenant_id order by m.chat_id, m.sent_at, m.id
"""


@dataclass
class Past:
    """The shop, what its WAHA remembers, and ways to fetch it."""

    shop: Shop
    archive: Archive

    @property
    def path(self) -> str:
        return f"/api/v1/crm/channels/{self.shop.channel.id}"

    def asks(self, verb: str = "import-history", status: int = 202, **body: Any) -> dict[str, Any]:
        answer = self.shop.api.post(f"{self.path}/{verb}", body or None, as_=self.shop.tenant.admin)
        assert answer.status_code == status, answer.text
        return dict(answer.get_json())

    def status(self) -> dict[str, Any]:
        answer = self.shop.api.get(f"{self.path}/import-status", as_=self.shop.tenant.viewer)
        assert answer.status_code == 200, answer.text
        return dict(answer.get_json())

    def fetches(self, **body: Any) -> dict[str, Any]:
        """Import, to the end; how it ended."""
        self.asks(**body)
        self.works()
        return self.status()

    def works(self) -> None:
        """All that is to be done within an hour is done."""
        self.shop.world.drain(until=timedelta(hours=1))

    def messages(self) -> list[dict[str, Any]]:
        return self.shop.world.rows(_MESSAGES, tenant_id=self.shop.tenant.tenant_id)

    def ids(self) -> list[str]:
        return sorted(row["external_id"] for row in self.messages())

    def remembered(self) -> list[str]:
        return sorted(kept.said.message_id for chat in self.archive.chats for kept in chat.messages)

    def count(self, what: str) -> int:
        return int(self.shop.world.value(f"select count(*) from {what}"))


@pytest.fixture
def open_past(world, api, tenant):
    """Opens the past of a shop on an engine, with so many chats and messages."""
    opened = []

    def open_(engine="GOWS", *, chats=12, messages=300, **channel):
        shop = open_shop(world, api, tenant, engine=engine, **channel)
        opened.append(shop)
        entered = shop.__enter__()
        until = int(world.now().timestamp()) - 3600
        archive = Corpus(until=until, chats=chats, messages=messages).archive(engine)
        entered.waha.archives[SESSION] = archive
        return Past(entered, archive)

    yield open_
    for each in opened:
        each.__exit__(None, None, None)


@pytest.fixture
def past(open_past):
    return open_past()


@pytest.fixture(params=ENGINES)
def any_past(request, open_past):
    """The same on every engine."""
    return open_past(request.param)


@pytest.fixture
def small(open_past):
    """A past without anything in it yet, and `keeps` to put something there, so many seconds ago."""
    past = open_past(chats=1, messages=1)
    past.archive._chats.clear()
    now = int(past.shop.world.now().timestamp())

    def keeps(text, ago, *, ack=2, **said):
        told = {"kind": "text", "customer": ANA, "message_id": f"ID{text.upper()}{ago}", **said}
        kept = Kept(said=Said(body=text, timestamp=now - ago, **told), ack=ack)
        past.archive.add(kept)
        return kept.said

    past.keeps = keeps
    return past
