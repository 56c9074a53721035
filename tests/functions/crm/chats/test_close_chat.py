import pytest

from infra.fakes.waha_events import make_event
from tests.support.borders import hidden
from tests.support.conversation import ANA, speak

PATH = "/api/v1/crm/chats/{}/close"


@pytest.fixture
def closed(api, tenant, spoken):
    assert api.post(PATH.format(spoken.chat_id), as_=tenant.agent).status_code == 200
    return spoken


def status(world):
    return world.value("select status from chats")


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_an_agent_closes_a_chat_and_its_session(api, tenant, world, spoken, role):
    answer = api.post(PATH.format(spoken.chat_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["open_session_id"]) == ("closed", None)
    (event,) = world.events("chat.closed")
    assert event["data"] == {"chat_id": str(spoken.chat_id)}
    assert event["actor"] == {"type": "user", "id": str(getattr(tenant, role).user_id)}
    assert len(world.events("session.closed")) == 1


def test_one_without_a_session_is_closed_too(api, tenant, world, spoken):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    assert api.post(PATH.format(spoken.chat_id), as_=tenant.agent).status_code == 200
    assert (status(world), len(world.events("session.closed"))) == ("closed", 1)


def test_it_is_closed_once(api, tenant, world, closed):
    again = api.post(PATH.format(closed.chat_id), as_=tenant.agent)
    assert (again.status_code, again.json["error"]["code"]) == (409, "chat_closed")
    assert len(world.events("chat.closed")) == 1


def test_under_one_key_it_is_done_once(api, tenant, world, spoken):
    path, key = PATH.format(spoken.chat_id), {"Idempotency-Key": "closed"}
    first = api.post(path, as_=tenant.agent, headers=key)
    again = api.post(path, as_=tenant.agent, headers=key)
    assert (again.status_code, again.json) == (200, first.json)
    assert len(world.events("chat.closed")) == 1


def test_who_has_not_seen_the_last_change_closes_nothing(api, tenant, world, spoken):
    tag = f'"{world.value("select version from chats")}"'
    path = PATH.format(spoken.chat_id)
    assert api.post(path, as_=tenant.agent, headers={"If-Match": '"99"'}).status_code == 412
    assert api.post(path, as_=tenant.agent, headers={"If-Match": tag}).status_code == 200


def test_a_customer_who_writes_opens_it_again(api, tenant, world, channel, closed):
    world.advance(60)
    again = speak(world, channel, "Mais uma coisa", timestamp=int(world.now().timestamp()))
    assert again.chat_id == closed.chat_id
    assert (status(world), len(world.events("chat.reopened"))) == ("active", 1)
    assert again.session_id != closed.session_id


def test_what_was_written_before_and_comes_late_opens_it_too(world, channel, closed):
    speak(world, channel, "Atrasada", timestamp=int(world.now().timestamp()) - 600)
    assert (status(world), len(world.events("chat.reopened"))) == ("active", 1)


def test_what_comes_again_does_not(api, tenant, world, channel, spoken):
    event = make_event("GOWS", "text", customer=ANA, message_id="3EB0ONCE", timestamp=int(world.now().timestamp()))
    assert channel.deliver(event).status_code == 200
    assert api.post(PATH.format(spoken.chat_id), as_=tenant.agent).status_code == 200
    assert channel.deliver(event).status_code == 200
    assert (status(world), world.events("chat.reopened")) == ("closed", [])


def test_what_we_write_does_not(world, channel, closed):
    speak(world, channel, "Até logo!", from_me=True)
    assert (status(world), world.events("chat.reopened")) == ("closed", [])


@pytest.mark.parametrize(("role", "status_code"), [("viewer", 403), (None, 401)])
def test_others_close_nothing(api, tenant, world, spoken, role, status_code):
    caller = getattr(tenant, role) if role else None
    assert api.post(PATH.format(spoken.chat_id), as_=caller).status_code == status_code
    assert status(world) == "active"


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.chat_id)
    assert status(world) == "active"
