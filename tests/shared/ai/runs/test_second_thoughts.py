"""A customer takes back what they wrote, or writes it anew, before the bot has read it."""

import pytest

from infra.fakes.waha_changes import make_edit, make_revocation
from tests.shared.ai.runs.thinking import think
from tests.support.calls import again, tell
from tests.support.shop import ANA, SESSION, open_shop

ENGINES = ("GOWS", "NOWEB", "WEBJS")


class Customer:
    """Ana, who writes, edits and takes back."""

    def __init__(self, shop, world):
        self.shop, self.world = shop, world

    def writes(self, text, message_id):
        self.world.advance(1)
        self.shop.hears(text, message_id=message_id)

    def edits(self, message_id, text):
        self._told(make_edit(self.shop.engine, message_id, text, **self._now()))

    def takes_back(self, *message_ids):
        for each in message_ids:
            self._told(make_revocation(self.shop.engine, each, **self._now()))

    def _now(self):
        return {"customer": ANA, "session": SESSION, "timestamp": int(self.world.now().timestamp()) + 1}

    def _told(self, event):
        assert self.shop.channel.deliver(event).status_code == 200


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param) as shop:
        yield shop


@pytest.fixture
def customer(shop, world):
    return Customer(shop, world)


@pytest.fixture
def put_together(world):
    """What tells the bot of the burst that was just put together; None when nothing is left of it."""

    def put_together():
        world.advance(16)
        before = len(world.events("message_group.completed"))
        assert again(world.tasks("flush_message_group")[-1]) == 204
        told = world.events("message_group.completed")
        return told[-1] if len(told) > before else None

    return put_together


def test_what_is_taken_back_while_the_burst_waits_is_never_read(shop, world, customer, put_together, monkeypatch):
    thinker = think(monkeypatch)
    customer.writes("meu CPF é 123", "3EB0A1")
    customer.writes("que horas abrem?", "3EB0A2")
    customer.takes_back("3EB0A1")
    assert tell(put_together()) == [204]
    (question,) = thinker.asked
    assert question.text == world.value("select text from message_groups") == "que horas abrem?"
    assert [turn.text for turn in question.turns] == ["que horas abrem?"]


def test_what_is_taken_back_after_it_was_put_together_is_not_read_either(
    shop, world, customer, put_together, monkeypatch
):
    thinker = think(monkeypatch)
    customer.writes("meu CPF é 123", "3EB0A1")
    customer.writes("que horas abrem?", "3EB0A2")
    event = put_together()
    customer.takes_back("3EB0A1")
    assert tell(event) == [204]
    (question,) = thinker.asked
    assert question.text == "que horas abrem?"
    assert [turn.text for turn in question.turns] == ["que horas abrem?"]


@pytest.mark.parametrize("in_time", [True, False], ids=["before", "after"])
def test_a_burst_that_is_taken_back_whole_is_not_answered(shop, world, customer, put_together, monkeypatch, in_time):
    thinker = think(monkeypatch)
    customer.writes("Oi", "3EB0A1")
    event = None if in_time else put_together()
    customer.takes_back("3EB0A1")
    event = event or put_together()
    assert event is None or tell(event) == [204]
    shop.settles()
    assert (shop.sent, thinker.asked, shop.outcomes()) == ([], [], ["failed" if in_time else "no_agent"])
    assert world.value("select outcome_reason from message_groups").endswith("deleted or taken back")


def test_the_bot_reads_what_was_edited_as_it_stands(shop, world, customer, put_together, monkeypatch):
    thinker = think(monkeypatch)
    customer.writes("que oras abren?", "3EB0A1")
    event = put_together()
    customer.edits("3EB0A1", "que horas abrem?")
    assert tell(event) == [204]
    (question,) = thinker.asked
    assert question.text == "que horas abrem?"
    assert [turn.text for turn in question.turns] == ["que horas abrem?"]


def test_what_an_older_burst_asked_is_not_asked_again_once_it_is_taken_back(
    shop, world, customer, put_together, monkeypatch
):
    thinker = think(monkeypatch, lambda: customer.writes("que horas abrem?", "3EB0A3"))
    customer.writes("meu CPF é 123", "3EB0A1")
    customer.writes("bom dia", "3EB0A2")
    assert tell(put_together()) == [204]
    customer.takes_back("3EB0A1")
    shop.settles()
    assert thinker.asked[-1].text == "bom dia que horas abrem?"
    assert shop.outcomes() == ["superseded", "replied"]
