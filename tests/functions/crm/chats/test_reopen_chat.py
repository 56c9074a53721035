import pytest

from tests.support.borders import hidden

PATH = "/api/v1/crm/chats/{}/reopen"


@pytest.fixture
def closed(world, spoken):
    world.run("update chats set status = 'closed'")
    return spoken


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_an_agent_takes_a_closed_chat_up_again(api, tenant, world, closed, role):
    answer = api.post(PATH.format(closed.chat_id), as_=getattr(tenant, role))
    assert (answer.status_code, answer.json["status"]) == (200, "active")
    (event,) = world.events("chat.reopened")
    assert event["data"] == {"chat_id": str(closed.chat_id)}


def test_only_a_closed_one_can_be(api, tenant, world, spoken):
    answer = api.post(PATH.format(spoken.chat_id), as_=tenant.agent)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "chat_not_closed")
    assert world.events("chat.reopened") == []


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), (None, 401)])
def test_others_do_not(api, tenant, closed, role, status):
    caller = getattr(tenant, role) if role else None
    assert api.post(PATH.format(closed.chat_id), as_=caller).status_code == status


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.chat_id)
