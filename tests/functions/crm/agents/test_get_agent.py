import pytest

from tests.support.borders import hidden
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/agents/{}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_an_agent(api, world, tenant, role):
    bot = waha_channel(world, api, tenant).agent_id
    answer = api.get(PATH.format(bot), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["name"], answer.json["kind"]) == (str(bot), "Bia", "bot")


def test_another_tenants_agent_looks_like_one_that_never_was(api, world, tenant, other_tenant):
    theirs = waha_channel(world, api, other_tenant).agent_id
    assert hidden(api, tenant.admin, "GET", PATH, theirs)


def test_a_stranger_sees_nothing(api, world, tenant):
    assert api.get(PATH.format(waha_channel(world, api, tenant).agent_id)).status_code == 401
