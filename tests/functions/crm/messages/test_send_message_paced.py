"""A number that has a pace: what comes too fast waits, in its order, and goes once."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from shared.crm.messages import sending
from shared.kernel.ids import uuid7
from tests.functions.crm.messages.paced import brakes, goes_at, pace, resume, status
from tests.support.calls import again, tell, tick
from tests.support.shop import open_shop

NUMBERS = [f"{number}." for number in range(1, 7)]


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        pace(shop, per_minute=6, burst=1)
        yield shop


@pytest.fixture
def held(shop):
    """The first has gone, and two more wait for their turn; the ids of those."""
    ids = [shop.says(text) for text in ("um", "dois", "três")]
    shop.world.drain()
    assert shop.sent == ["um"]
    return ids[1:]


def until(shop, message_id):
    """Let time pass until the message may go."""
    left = datetime.fromisoformat(goes_at(shop, message_id)) - shop.world.now()
    shop.world.advance(left.total_seconds() + 0.01)


def test_what_is_said_too_fast_goes_in_its_order_and_at_the_pace(shop):
    for text in NUMBERS:
        shop.says(text)
    shop.settles()
    assert shop.sent == NUMBERS
    gone = [each.at for each in shop.waha.sent]
    assert all(later - one > 9 for one, later in itertools.pairwise(gone))
    assert brakes(shop) == ["rate"]


def test_one_that_had_to_wait_is_said_when_it_goes(shop, held):
    before = shop.world.now()
    shop.settles()
    message = shop.message(id=str(held[0]))
    assert datetime.fromisoformat(message["sent_at"]) >= before + timedelta(seconds=9)


def test_a_message_that_is_resumed_often_and_at_once_goes_once(shop, held):
    until(shop, held[0])
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: resume(shop, held[0]), range(16))) <= {204, 503}
    for event in shop.world.events("message.queued"):
        tell({**event, "event_id": str(uuid7())})
    assert shop.sent == ["um", "dois"]


def test_a_message_that_is_resumed_late_goes_once(shop, held):
    shop.world.advance(3600)
    assert [resume(shop, each) for each in (*held, *held)][:1] == [204]
    shop.settles()
    assert shop.sent == ["um", "dois", "três"]


def test_a_timer_that_was_lost_is_made_good_by_the_sweep(shop, held):
    shop.world.run("delete from outbox_tasks")
    shop.world.advance(300)
    assert tick("sweep_messages") == 204
    shop.settles()
    assert shop.sent == ["um", "dois", "três"]


def test_a_timer_that_runs_a_little_early_comes_again(shop, held):
    """Whoever keeps the timers has a clock of its own."""
    until(shop, held[0])
    shop.world.advance(-0.5)
    assert (resume(shop, held[0]), status(shop, held[0])) == (503, "queued")
    shop.world.advance(0.5)
    assert (resume(shop, held[0]), status(shop, held[0])) == (204, "sent")


def test_a_timer_that_the_message_no_longer_waits_for_is_over(shop, held):
    shop.world.run("update messages set not_before = not_before + interval '1 hour' where id = :id", id=held[0])
    shop.world.advance(11)
    assert (resume(shop, held[0]), status(shop, held[0])) == (204, "queued")


@pytest.fixture
def slow(shop, monkeypatch):
    """While the provider is being asked something happens."""
    call = sending._call

    def slow(meanwhile, answer=None):
        def asked(parcel):
            monkeypatch.setattr(sending, "_call", call)
            meanwhile()
            return answer or call(parcel)

        monkeypatch.setattr(sending, "_call", asked)

    return slow


def test_no_message_overtakes_one_that_is_being_sent_just_now(shop, held, slow):
    first, second = held
    shop.world.advance(25)
    said = []
    slow(lambda: said.append(resume(shop, second)))
    assert resume(shop, first) == 204
    assert (said, status(shop, second)) == ([503], "queued")
    assert resume(shop, second) == 204
    assert shop.sent == ["um", "dois", "três"]


def test_what_is_said_meanwhile_waits_for_one_that_is_being_sent_too(shop, held, slow):
    first, second = held
    shop.world.run("update messages set status = 'cancelled' where id = :id", id=second)
    shop.world.advance(60)
    said = []

    def meanwhile():
        said.append(shop.says("quatro"))
        (queued,) = [e for e in shop.world.events("message.queued") if e["data"]["message_id"] == str(said[0])]
        said.extend(tell(queued))

    slow(meanwhile)
    assert resume(shop, first) == 204
    assert (said[1:], status(shop, said[0])) == ([503], "queued")
    shop.settles()
    assert shop.sent == ["um", "dois", "quatro"]


def test_one_that_could_not_go_at_its_turn_is_not_overtaken(shop, held):
    first, second = held
    shop.world.advance(25)
    url = shop.world.value("select base_url from channels")
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert (resume(shop, first), status(shop, first)) == (503, "queued")
    shop.world.run("update channels set base_url = :url", url=url)
    assert (resume(shop, second), status(shop, second)) == (503, "queued")
    assert [resume(shop, first), resume(shop, second)] == [204, 204]
    shop.settles()
    assert shop.sent == ["um", "dois", "três"]


def test_a_server_that_stays_away_is_given_up_ten_minutes_after_its_turn(shop, held):
    first, _ = held
    shop.world.advance(25)
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert resume(shop, first) == 503
    shop.world.advance(570)
    assert (resume(shop, first), status(shop, first)) == (503, "queued")
    shop.world.advance(60)
    assert (resume(shop, first), status(shop, first)) == (503, "failed")


def test_one_whose_outcome_is_unknown_holds_nobody_back(shop, held):
    first, second = held
    shop.world.advance(25)
    shop.world.run(
        "update messages set status = 'sending', claimed_at = clock_timestamp() - interval '2 minutes' where id = :id",
        id=first,
    )
    assert (resume(shop, first), status(shop, first)) == (204, "unknown")
    assert (resume(shop, second), status(shop, second)) == (204, "sent")


def test_a_message_that_is_sent_again_by_a_person_takes_a_turn_anew(shop, held):
    shop.settles()
    shop.world.run("update messages set status = 'failed', failure_code = 'x' where id = :id", id=held[0])
    shop.says("quatro")
    assert shop.api.post(f"/api/v1/crm/messages/{held[0]}/retry", as_=shop.tenant.agent).status_code == 200
    shop.world.drain()
    assert status(shop, held[0]) == "queued"
    shop.settles()
    assert [each.text for each in shop.waha.sent] == ["um", "dois", "três", "quatro", "dois"]


def test_the_same_timer_twice_is_one(shop, held):
    until(shop, held[0])
    timer, *_ = shop.world.tasks("resume_message")
    assert [again(timer), again(timer)] == [204, 204]
    assert shop.sent == ["um", "dois"]
