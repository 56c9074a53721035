import pytest

from infra.fakes.waha_events import make_event
from tests.support.conversation import ANA, speak
from tests.support.waha import waha_channel

PATH = "/api/v1/admin/inbound-deliveries"


@pytest.fixture
def channel(world, api, tenant, other_tenant):
    speak(world, waha_channel(world, api, other_tenant))
    return waha_channel(world, api, tenant)


def test_an_admin_sees_what_came_of_each_delivery_but_not_what_it_says(api, world, tenant, channel):
    event = make_event("GOWS", "text", body="Segredo", customer=ANA)
    for _ in range(2):
        channel.deliver(event)
    answer = api.get(PATH, as_=tenant.admin)
    assert answer.status_code == 200
    (delivery,) = answer.json["data"]
    (message,) = world.rows("select id, contact_id from messages where channel_id = :id", id=channel.id)
    expected = {
        "channel_id": str(channel.id),
        "provider": "waha",
        "event": "message.any",
        "status": "kept",
        "problem": None,
        "message_id": message["id"],
        "contact_id": message["contact_id"],
        "times_received": 2,
        "reprocessed_at": None,
    }
    assert {name: delivery[name] for name in expected} == expected
    assert delivery["size_bytes"] > 100
    assert "Segredo" not in answer.text
    assert ANA.phone not in answer.text


def test_they_can_be_asked_for_and_come_in_pages(api, tenant, channel):
    for number in range(3):
        channel.deliver(make_event("GOWS", "text", body=f"{number}", customer=ANA))
    channel.deliver({"event": "engine.event", "session": "default", "payload": {}})
    kept = f"{PATH}?filter[status]=kept&filter[channel_id]={channel.id}&limit=2"
    first = api.get(kept, as_=tenant.admin).json
    rest = api.get(f"{kept}&cursor={first['paging']['next']}", as_=tenant.admin).json
    assert len({each["id"] for each in first["data"] + rest["data"]}) == 3
    (other,) = api.get(f"{PATH}?filter[event]=engine.event", as_=tenant.admin).json["data"]
    assert other["status"] == "unhandled"


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_sees_them(api, tenant, role):
    assert api.get(PATH, as_=getattr(tenant, role)).status_code == 403


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=event", "filter[body]=x", "filter[channel_id]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.admin).status_code == 400
