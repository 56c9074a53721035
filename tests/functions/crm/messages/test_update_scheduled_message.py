from datetime import timedelta

import pytest

from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.planned import change, planned


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def later(shop, hours):
    return (shop.world.now() + timedelta(hours=hours)).isoformat()


@pytest.mark.parametrize("hours", [1, 6])
def test_it_goes_at_the_new_time_and_only_then(shop, hours):
    plan_id = planned(shop, hours=3)
    assert change(shop, plan_id, send_at=later(shop, hours)).status_code == 200
    began = shop.world.now()
    shop.world.drain(until=timedelta(hours=hours, minutes=-1))
    assert shop.waha.sent == []
    shop.settles()
    (record,) = shop.waha.sent
    assert hours * 3600 <= record.at - began.timestamp() + 1 < hours * 3600 + 60
    assert len(shop.world.events("message.scheduled")) == 2


def test_it_says_what_it_is_to_say_by_then(shop):
    plan_id = planned(shop)
    poll = {"type": "poll", "question": "Qual bolo?", "options": ["Cenoura", "Fubá"]}
    assert change(shop, plan_id, message=poll).json["draft"]["type"] == "poll"
    shop.settles()
    assert [(each.type, each.text) for each in shop.waha.sent] == [("poll", "Qual bolo?")]


@pytest.mark.parametrize("name", ["chat_id", "contact_id", "channel_id", "reply_to"])
def test_where_it_goes_stays_as_it_is(shop, name):
    plan_id = planned(shop)
    message = {"type": "text", "text": "x", name: str(shop.world.value("select id from chats"))}
    assert change(shop, plan_id, message=message).status_code == 422


@pytest.mark.parametrize(
    "changes", [{"send_at": None}, {"message": None}, {"message": {"type": "text"}}, {"text": "x"}]
)
def test_what_does_not_fit_is_refused(shop, changes):
    assert change(shop, planned(shop), **changes).status_code == 422


def test_two_changes_at_once_are_told_of_each_other(shop):
    plan_id = planned(shop)
    path, tag = f"/api/v1/crm/messages/scheduled/{plan_id}", {"If-Match": '"1"'}
    body = {"send_at": later(shop, 5)}
    first, second = (shop.api.patch(path, body, as_=shop.tenant.agent, headers=tag) for _ in range(2))
    assert [first.status_code, second.status_code] == [200, 412]


def test_who_may_not(shop):
    path = f"/api/v1/crm/messages/scheduled/{planned(shop)}"
    assert shop.api.patch(path, {}, as_=shop.tenant.viewer).status_code == 403
    assert shop.api.patch(path, {}).status_code == 401
