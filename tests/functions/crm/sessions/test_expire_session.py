import pytest

from shared.crm.sessions.tasks import ExpireSession
from shared.kernel.ids import uuid7
from tests.support.calls import give
from tests.support.shop import open_shop

HOUR = 60 * 60


@pytest.fixture
def shop(world, api, tenant):
    world.run("update projects set session_timeout_minutes = 60")
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        yield shop


@pytest.fixture
def expire(shop, world):
    return lambda: give(shop.tenant.tenant_id, ExpireSession(session_id=world.value("select id from sessions")))


def session(world):
    (found,) = world.rows(
        "select *, last_message_at + make_interval(mins => timeout_minutes) as silent_at from sessions"
    )
    return found


def test_a_silent_session_ends_when_its_timeout_ran_out(world, expire):
    world.advance(HOUR + 300)
    assert [expire(), expire()] == [204, 204]
    found = session(world)
    assert (found["status"], found["close_reason"], found["ended_at"]) == ("closed", "timeout", found["silent_at"])
    (event,) = world.events("session.closed")
    assert (event["data"]["reason"], event["data"]["duration_seconds"]) == ("timeout", 0)


def test_a_session_in_which_somebody_spoke_meanwhile_stays_open(shop, world, expire):
    world.advance(HOUR - 60)
    shop.hears("ainda estou aqui")
    world.advance(120)
    assert expire() == 204
    assert session(world)["status"] == "open"


def test_a_session_that_somebody_closed_stays_as_it_was_closed(world, expire):
    world.run("update sessions set status = 'closed', close_reason = 'manual', ended_at = now()")
    before = session(world)
    world.advance(2 * HOUR)
    assert expire() == 204
    assert session(world) == before


def test_what_is_said_after_it_begins_another(shop, world, expire):
    world.advance(HOUR + 60)
    assert expire() == 204
    shop.hears("bom dia")
    assert [row["status"] for row in world.rows("select status from sessions order by started_at")] == [
        "closed",
        "open",
    ]


def test_a_session_that_is_not_there_is_nothing_to_do(shop, world, other_tenant):
    world.advance(2 * HOUR)
    theirs = ExpireSession(session_id=session(world)["id"])
    assert give(shop.tenant.tenant_id, ExpireSession(session_id=uuid7())) == 204
    assert give(other_tenant.tenant_id, theirs) == 204
    assert session(world)["status"] == "open"
