"""A number that WhatsApp lets begin no chats: who has not written waits, and everybody else is answered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from infra.fakes.waha_state import Fault
from shared.crm.channels.health import LOCK_IS_BELIEVED
from shared.crm.channels.tasks import CheckChannel
from tests.functions.crm.messages.paced import address, brakes, check, forbid, goes_at, resume, status, told
from tests.support.calls import give, tell
from tests.support.shop import SESSION, open_shop

HOUR = timedelta(hours=1)
SECONDS = LOCK_IS_BELIEVED.total_seconds()


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        yield shop


@pytest.fixture
def session(shop):
    return shop.waha.state.sessions[SESSION]


@pytest.fixture
def locked(shop):
    """One chat could not be begun."""
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    refused = address(shop, "Olá!", 1)
    shop.world.drain()
    assert status(shop, refused) == "failed"
    return refused


def cap(session, resets_at):
    session.restrictions = {
        "messageCapping": {"cappingStatus": "CAPPED", "totalQuota": 5, "cycleEnd": resets_at.isoformat()}
    }


def health(shop):
    return shop.api.get(f"/api/v1/crm/channels/{shop.channel.id}/health", as_=shop.tenant.viewer).json


def test_a_refusal_closes_new_chats_and_no_answer(shop, locked):
    shop.world.advance(2)  # what arrives is timed in whole seconds
    shop.hears("Tudo bem?")
    shop.says("Bom dia")
    waiting = address(shop, "Olá!", 2)
    shop.world.drain()
    assert (shop.sent, status(shop, waiting)) == (["Bom dia"], "queued")
    assert datetime.fromisoformat(goes_at(shop, waiting)) > shop.world.now() + LOCK_IS_BELIEVED / 2


def test_a_refusal_is_shown_and_told_once_and_the_provider_is_asked_for_more(shop, locked):
    assert (health(shop)["timelocked"], told(shop), brakes(shop)) == (True, [False], ["reachout_timelock"])
    assert datetime.fromisoformat(health(shop)["timelocked_until"]) <= shop.world.now() + LOCK_IS_BELIEVED
    assert health(shop)["checked_at"]
    address(shop, "Olá!", 2)
    shop.world.drain()
    assert (told(shop), brakes(shop)) == ([False], ["reachout_timelock"])


def test_many_refusals_at_once_are_one_lock(shop, world):
    for number in range(8):
        address(shop, "Olá!", number)
    shop.waha.set_fault(SESSION, Fault(kind="error_463", times=8))
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda event: tell(event)[0], world.events("message.queued"))) <= {204, 503}
    world.drain()
    statuses = {row["status"] for row in world.rows("select status from messages where text = 'Olá!'")}
    assert statuses <= {"failed", "queued"}
    assert (told(shop), brakes(shop)) == ([False], ["reachout_timelock"])


def test_what_waited_goes_when_the_refusal_is_believed_no_longer(shop, locked):
    waiting = address(shop, "Olá!", 2)
    shop.world.drain()
    shop.world.drain(until=LOCK_IS_BELIEVED + timedelta(minutes=1))
    assert (status(shop, waiting), health(shop)["timelocked"]) == ("sent", False)


def test_a_lock_that_the_provider_tells_of_closes_new_chats_before_any_is_refused(shop, session):
    ends = shop.world.now() + 5 * HOUR
    forbid(session, ends)
    check(shop)
    shop.says("Bom dia")
    waiting = address(shop, "Olá!", 1)
    shop.world.drain()
    assert (shop.sent, datetime.fromisoformat(goes_at(shop, waiting))) == (["Bom dia"], ends)
    assert brakes(shop) == ["reachout_timelock"]
    session.restrictions = {}
    shop.world.drain(until=5 * HOUR + timedelta(minutes=1))
    assert (status(shop, waiting), shop.sent) == ("sent", ["Bom dia", "Olá!"])


def test_a_number_that_has_begun_all_that_it_may_begins_no_more_until_its_cycle_ends(shop, session):
    resets_at = shop.world.now() + 30 * HOUR
    cap(session, resets_at)
    check(shop)
    waiting = address(shop, "Olá!", 1)
    shop.world.drain()
    assert datetime.fromisoformat(goes_at(shop, waiting)) == resets_at
    shop.world.drain(until=30 * HOUR + timedelta(minutes=1))
    assert status(shop, waiting) == "sent"


def test_checks_and_refusals_at_once_do_not_stop_each_other(shop, session):
    """Both write down what the number may do; they lock the same rows, in the same order."""
    messages = [address(shop, "Olá!", number) for number in range(12)]
    shop.waha.set_fault(SESSION, Fault(kind="error_463", times=6))
    with ThreadPoolExecutor(8) as pool:
        checks = [pool.submit(give, shop.tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) for _ in range(12)]
        sends = [pool.submit(resume, shop, each) for each in messages]
        assert {each.result() for each in (*checks, *sends)} <= {204, 503}
    assert {status(shop, each) for each in messages} <= {"failed", "queued", "sent"}
    assert health(shop)["timelocked"]
