import pytest

from tests.support.waha import waha_channel

PATH = "/api/v1/crm/agents"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_projects_agents_and_no_others(api, world, tenant, other_tenant, role):
    bots = {str(waha_channel(world, api, tenant).agent_id) for _ in range(2)}
    waha_channel(world, api, other_tenant)
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert {each["id"] for each in answer.json["data"]} == bots


def test_they_can_be_asked_for_by_kind(api, world, tenant):
    waha_channel(world, api, tenant)
    assert len(api.get(f"{PATH}?filter[kind]=bot", as_=tenant.viewer).json["data"]) == 1
    assert api.get(f"{PATH}?filter[kind]=human", as_=tenant.viewer).json["data"] == []


@pytest.mark.parametrize("query", ["?limit=101", "?filter[config]=x", "?sort=config"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(PATH + query, as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
