"""Messages that waited for their number to begin chats, once it may again."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from shared.crm.channels.health import LOOK_AGAIN
from shared.crm.messages.tasks import ResumeMessage
from tests.functions.crm.messages.paced import address, check, forbid, goes_at, pace, status, told
from tests.support.calls import again, give, tell
from tests.support.shop import SESSION, open_shop

HOUR = timedelta(hours=1)


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        yield shop


@pytest.fixture
def session(shop):
    return shop.waha.state.sessions[SESSION]


def test_what_waits_goes_as_soon_as_the_lock_is_lifted(shop, session):
    forbid(session, shop.world.now() + 100 * HOUR)
    check(shop)
    waiting = [address(shop, "Olá!", number) for number in range(3)]
    shop.world.drain()
    shop.world.advance(3600)
    session.restrictions = {}
    shop.world.run("update channel_health set timelocked_until = clock_timestamp()")  # it ends before it was to
    check(shop)
    shop.world.drain()
    assert [status(shop, each) for each in waiting] == ["sent"] * 3
    assert told(shop) == [False, True]


def test_a_lock_whose_end_nobody_knows_is_looked_at_again_and_ends_when_it_is_denied(shop, session):
    forbid(session)
    check(shop)
    waiting = address(shop, "Olá!", 1)
    shop.world.drain()
    assert datetime.fromisoformat(goes_at(shop, waiting)) > shop.world.now() + LOOK_AGAIN - HOUR
    shop.world.drain(until=LOOK_AGAIN + HOUR)
    assert status(shop, waiting) == "queued"
    session.restrictions = {}
    check(shop)
    shop.world.drain()
    assert status(shop, waiting) == "sent"


def test_what_the_lock_lets_go_still_waits_for_the_pace(shop, session):
    pace(shop, per_minute=6, burst=1, new_chats_per_day=2)
    forbid(session)
    check(shop)
    waiting = [address(shop, "Olá!", number) for number in range(3)]
    shop.world.drain()
    session.restrictions = {}
    check(shop)
    shop.world.drain(until=timedelta(seconds=30))
    assert sorted(status(shop, each) for each in waiting) == ["queued", "sent", "sent"]
    first, second = (each.at for each in shop.waha.sent)
    assert second - first > 9


def test_whoever_has_a_turn_keeps_it_when_the_lock_is_lifted(shop, session):
    pace(shop, per_minute=6, burst=1)
    said = [shop.says(text) for text in ("um", "dois")]
    shop.world.drain()
    before = goes_at(shop, said[1])
    forbid(session)
    check(shop)
    session.restrictions = {}
    check(shop)
    shop.world.drain()
    assert goes_at(shop, said[1]) == before


def test_to_be_let_go_twice_is_to_go_once(shop, session):
    forbid(session)
    check(shop)
    address(shop, "Olá!", 1)
    shop.world.drain()
    session.restrictions = {}
    check(shop)
    (event,) = [each for each in shop.world.events("channel.restriction_changed") if each["data"]["may_open_chats"]]
    assert [tell(event), tell(event)] == [[204], [204]]
    for row in shop.world.tasks("resume_message"):
        again(row)
    assert shop.sent == ["Olá!"]


def test_another_tenants_messages_are_not_let_go(shop, session, other_tenant):
    forbid(session)
    check(shop)
    waiting = address(shop, "Olá!", 1)
    shop.world.drain()
    assert give(other_tenant.tenant_id, ResumeMessage(message_id=UUID(waiting))) == 204
    lifted = {"may_open_chats": True, "until": None, "channel_id": str(shop.channel.id)}
    (event,) = shop.world.events("channel.restriction_changed")
    assert tell({**event, "tenant_id": str(other_tenant.tenant_id), "data": lifted}) == [204]
    assert (status(shop, waiting), len(shop.world.tasks("resume_message"))) == ("queued", 1)
