from datetime import timedelta

import pytest

from tests.functions.crm.messages.asking import spoken_shop
from tests.functions.crm.messages.bodies import BODIES

PATH = "/api/v1/crm/messages/schedule"


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def at(shop, **later):
    return (shop.world.now() + timedelta(**later)).isoformat()


def plan(shop, send_at, type="text", **more):
    message = {"chat_id": str(shop.world.value("select id from chats")), **BODIES[type], **more}
    return shop.api.post(PATH, {"send_at": send_at, "message": message}, as_=shop.tenant.agent)


@pytest.mark.parametrize("type", sorted(BODIES))
def test_a_message_of_any_type_goes_when_its_time_has_come(shop, type):
    planned = plan(shop, at(shop, hours=3), type)
    assert (planned.status_code, planned.json["status"], planned.json["draft"]["type"]) == (201, "scheduled", type)
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 0
    shop.world.drain(until=timedelta(hours=2, minutes=59))
    assert shop.waha.sent == []
    shop.settles()
    (record,) = shop.waha.sent
    message = shop.message(id=planned.json["id"])
    assert (message["status"], message["type"], message["external_id"]) == ("sent", type, record.id)
    assert message["agent_id"] == planned.json["agent_id"]
    assert shop.world.value("select status from scheduled_messages") == "sent"


def test_whoever_holds_the_session_keeps_it(shop):
    plan(shop, at(shop, hours=3))
    assert shop.world.value("select held_by from sessions") == "bot"
    shop.settles()
    assert shop.world.value("select held_by from sessions") == "bot"


def test_after_a_long_silence_it_begins_a_session(shop):
    planned = plan(shop, at(shop, days=3)).json
    shop.settles()
    assert shop.world.value("select count(*) from sessions") == 2
    assert shop.message(id=planned["id"])["session_id"]


def test_the_timer_of_what_lies_far_ahead_is_set_in_hops(shop):
    planned = plan(shop, at(shop, days=100)).json
    (task,) = shop.world.tasks("send_scheduled_message")
    assert shop.world.value("select :at::timestamptz < now() + interval '29 days'", at=task["run_at"])
    shop.settles()
    hops = shop.world.tasks("send_scheduled_message")
    assert len(hops) == 4
    assert [each.id for each in shop.waha.sent] == [shop.message(id=planned["id"])["external_id"]]


def test_it_answers_what_it_was_to_answer(shop):
    asked = shop.message(direction="inbound")
    planned = plan(shop, at(shop, hours=1), reply_to=asked["id"]).json
    assert planned["quoted_message_id"] == asked["id"]
    shop.settles()
    assert [each.reply_to for each in shop.waha.sent] == [asked["provider_id"]]


@pytest.mark.parametrize("later", [{"seconds": -1}, {"days": 366}])
def test_it_goes_in_the_year_to_come(shop, later):
    refused = plan(shop, at(shop, **later))
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "bad_time")


@pytest.mark.parametrize("send_at", [None, "tomorrow", "2027-01-01T10:00:00", 7])
def test_a_time_is_a_time_with_its_zone(shop, send_at):
    assert plan(shop, send_at).status_code == 422


def test_what_could_not_be_sent_now_is_refused_now(shop):
    shop.world.run("update channels set engine = 'WEBJS'")
    refused = plan(shop, at(shop, hours=1), "list")
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "engine_cannot")
    refused = plan(shop, at(shop, hours=1), "poll", options=["A"])
    assert refused.json["error"]["details"]["fields"][0]["field"] == "message.options"


def test_events_tell_of_it_without_a_word_of_it(shop):
    planned = plan(shop, at(shop, hours=1), text="um segredo").json
    (told,) = shop.world.events("message.scheduled")
    assert told["data"]["message_id"] == planned["id"]
    assert "segredo" not in str(shop.world.events()) + str(shop.world.tasks())


def test_what_belongs_to_another_tenant_looks_like_what_never_was(shop, api, tenant, theirs):
    body = {"send_at": at(shop, hours=1), "message": {"type": "text", "text": "Oi"}}
    for name, value in (("chat_id", theirs.chat_id), ("reply_to", theirs.message_id)):
        mine = (
            {}
            if name == "chat_id"
            else {"chat_id": str(shop.world.value("select id from chats where id <> :id", id=theirs.chat_id))}
        )
        asked = {**body, "message": {**body["message"], **mine, name: str(value)}}
        assert api.post(PATH, asked, as_=tenant.agent).status_code == 404
    assert shop.world.value("select count(*) from scheduled_messages") == 0


def test_who_may_not(shop):
    assert shop.api.post(PATH, {}, as_=shop.tenant.viewer).status_code == 403
    assert shop.api.post(PATH, {}).status_code == 401
