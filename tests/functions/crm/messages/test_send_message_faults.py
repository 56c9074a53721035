"""Everything that the other end is known to do wrong, and what becomes of the message then."""

import pytest

from infra.fakes.waha import hidden
from infra.fakes.waha_events import make_ack
from infra.fakes.waha_state import FAULTS, SENT_DESPITE, Fault
from shared.providers.waha import client
from tests.support.calls import tick
from tests.support.shop import SESSION, open_shop

ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
# What is known when nobody has looked in the history yet.
OUTCOMES = {
    "hang": "unknown",
    "error_500": "unknown",
    "malformed": "unknown",
    "drop": "unknown",
    "error_463": "failed",
    "error_429": "queued",
    "slow": "sent",
    "echo_first": "sent",
    "no_echo": "sent",
}


@pytest.fixture
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=getattr(request, "param", "GOWS"), bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        yield shop


def test_there_is_an_outcome_for_every_fault():
    assert set(OUTCOMES) == FAULTS


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
@pytest.mark.parametrize("kind", OUTCOMES)
def test_what_becomes_of_a_message(shop, kind, monkeypatch):
    if kind == "hang":
        monkeypatch.setattr(client, "TIMEOUT_SECONDS", 1.0)
    shop.waha.set_fault(SESSION, Fault(kind=kind, seconds=2.0 if kind == "hang" else 0.05))
    said = str(shop.says("Bom dia"))
    shop.world.drain(tolerate=kind == "error_429")
    assert shop.message(id=said)["status"] == OUTCOMES[kind]
    shop.world.advance(121)
    assert tick("sweep_messages") == 204
    shop.settles()
    reached = kind in {*SENT_DESPITE, "error_429"}
    assert shop.sent == (["Bom dia"] if reached else [])
    assert (shop.message(id=said)["status"] == "sent") is reached


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
@pytest.mark.parametrize(("level", "status"), [(1, "sent"), (2, "delivered"), (3, "read")])
def test_a_receipt_that_names_the_chat_by_its_hidden_id_counts(shop, level, status):
    """What was sent to a phone is acknowledged under an id that nobody has heard of."""
    said = str(shop.says("Bom dia"))
    shop.world.drain()
    (record,) = shop.waha.sent
    ack = make_ack(shop.engine, level, message_id=record.id, chat=hidden(record.chat_id))
    assert hidden(record.chat_id) in ack["payload"]["id"]
    assert shop.channel.deliver(ack).status_code == 200
    assert shop.message(id=said)["status"] == status
    assert shop.world.value("select count(*) from chats") == 1
    assert shop.world.value("select count(*) from contacts") == 1
