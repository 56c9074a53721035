from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/messages/{}/read"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.fixture
def said(world, channel):
    """What Ana said, in order; Bia said something too."""
    now = int(world.now().timestamp())
    speak(world, channel, "Eu também", customer=BIA, timestamp=now - 90)
    return [str(speak(world, channel, f"{n}", timestamp=now + n - 60).message_id) for n in range(4)]


def unread(world):
    return [row["text"] for row in world.rows("select text from messages where read_at is null order by sent_at")]


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_chat_is_read_up_to_a_message(api, tenant, world, said, role):
    answer = api.post(PATH.format(said[2]), as_=getattr(tenant, role))
    assert (answer.status_code, answer.json["id"]) == (200, said[2])
    assert answer.json["read_at"]
    assert answer.json["status"] == "received"
    assert unread(world) == ["Eu também", "3"]
    (read,) = world.events("message.read")
    assert read["data"]["message_id"] == said[2]


def test_the_same_again_changes_nothing(api, tenant, world, said):
    first = api.post(PATH.format(said[2]), as_=tenant.agent).json
    world.advance(60)
    assert api.post(PATH.format(said[2]), as_=tenant.agent).json == first
    api.post(PATH.format(said[1]), as_=tenant.agent)
    assert len(world.events("message.read")) == 1


def test_what_came_late_is_read_by_the_next(api, tenant, world, channel, said):
    api.post(PATH.format(said[2]), as_=tenant.agent)
    late = speak(world, channel, "atrasada", timestamp=int(world.now().timestamp()) - 59)
    api.post(PATH.format(said[3]), as_=tenant.agent)
    assert unread(world) == ["Eu também"]
    assert [event["data"]["message_id"] for event in world.events("message.read")] == [said[2], said[3]]
    assert world.value("select read_at is not null from messages where id = :id", id=late.message_id)


def test_many_at_once_are_one(api, tenant, world, said):
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: api.post(PATH.format(said[3]), as_=tenant.agent).status_code, range(5)))
    assert answers == [200] * 5
    assert len(world.events("message.read")) == 1


def test_up_to_an_answer_of_ours(api, tenant, world, spoken, answered):
    message = answered("sent")
    answer = api.post(PATH.format(message), as_=tenant.agent).json
    assert (answer["status"], answer["read_at"]) == ("sent", None)
    (read,) = world.events("message.read")
    assert read["data"]["message_id"] == str(spoken.message_id)


def test_each_version_goes_up_with_it(api, tenant, world, said):
    before = {row["id"]: row["version"] for row in world.rows("select id, version from messages")}
    api.post(PATH.format(said[1]), as_=tenant.agent)
    after = {row["id"]: row["version"] for row in world.rows("select id, version from messages")}
    assert {each for each in after if after[each] > before[each]} == set(said[:2])


def test_a_deleted_one_is_not_there(api, tenant, said):
    api.delete(f"/api/v1/crm/messages/{said[1]}", as_=tenant.admin)
    assert hidden(api, tenant.agent, "POST", PATH, said[1])


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.message_id)
    assert world.value("select read_at is null from messages")


def test_who_may_not(api, tenant, said):
    assert api.post(PATH.format(said[0]), as_=tenant.viewer).status_code == 403
    assert api.post(PATH.format(said[0])).status_code == 401
