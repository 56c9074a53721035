"""A channel of each engine and the people who write to it."""

from dataclasses import dataclass
from typing import Any

import pytest

from infra.fakes.waha_events import Party, make_ack, make_event, make_status
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

ENGINES = ("GOWS", "NOWEB", "WEBJS")
ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
BIA = Party(phone="5521976543210", lid="100000000000002", name="Bia")
GROUP = "120363000000000001@g.us"


@dataclass(frozen=True)
class Desk:
    """What arrives on a channel, and what came of it. Deliveries are answered with 200, or the test fails."""

    world: World
    channel: WahaChannel
    engine: str

    def takes(self, event: dict[str, Any]) -> dict[str, Any]:
        answer = self.channel.deliver(event)
        assert answer.status_code == 200, answer.text
        return event

    def hears(self, body: str | None = "Oi", *, kind: str = "text", **said: Any) -> str:
        """A message of Ana's unless said otherwise; gives the id that all its events share."""
        event = self.takes(make_event(self.engine, kind, body=body, **{"customer": ANA, **said}))
        return bare_id(event)

    def writes(self, body: str | None = "Já vejo", **said: Any) -> str:
        """We write, on the phone."""
        return self.hears(body, from_me=True, **said)

    def acks(self, message_id: str, level: int, **said: Any) -> None:
        self.takes(make_ack(self.engine, level, message_id=message_id, **{"customer": ANA, **said}))

    def connects(self, status: str, **said: Any) -> None:
        self.takes(make_status(self.engine, status, **said))

    def message(self, external_id: str) -> dict[str, Any]:
        found = self.world.rows("select * from messages where external_id = :id", id=external_id)
        assert len(found) == 1, f"{len(found)} messages have the id {external_id}"
        return found[0]

    def count(self, what: str) -> int:
        return int(self.world.value(f"select count(*) from {what}"))

    def deliveries(self) -> list[tuple[str, int]]:
        """Each delivery that was kept: its status, and how often it came."""
        rows = self.world.rows("select status, times_received from inbound_deliveries order by received_at, id")
        return [(row["status"], row["times_received"]) for row in rows]


def bare_id(event: dict[str, Any]) -> str:
    return str(event["payload"]["id"].split("_")[2])


@pytest.fixture
def open_desk(world, api, tenant):
    """Opens a channel of an engine, of this tenant unless another is named."""

    def open_(engine="GOWS", of=tenant, **channel):
        return Desk(world, waha_channel(world, api, of, engine=engine, **channel), engine)

    return open_


@pytest.fixture
def desk(open_desk):
    return open_desk()


@pytest.fixture(params=ENGINES)
def any_desk(request, open_desk):
    """The same on every engine."""
    return open_desk(request.param)
