import pytest

from tests.support.waha import HMAC_KEY, waha_channel

PATH = "/api/v1/crm/channels"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_projects_channels_and_no_others(api, world, tenant, other_tenant, role):
    channels = {str(waha_channel(world, api, tenant).id) for _ in range(2)}
    waha_channel(world, api, other_tenant)
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert {each["id"] for each in answer.json["data"]} == channels
    assert HMAC_KEY not in answer.text


def test_they_can_be_asked_for_by_engine_and_come_in_pages(api, world, tenant):
    noweb = [str(waha_channel(world, api, tenant, engine="NOWEB").id) for _ in range(3)]
    waha_channel(world, api, tenant, engine="GOWS")
    first = api.get(f"{PATH}?filter[engine]=NOWEB&limit=2&sort=created_at:asc", as_=tenant.viewer).json
    cursor = first["paging"]["next"]
    rest = api.get(f"{PATH}?filter[engine]=NOWEB&limit=2&sort=created_at:asc&cursor={cursor}", as_=tenant.viewer).json
    assert [each["id"] for each in first["data"] + rest["data"]] == noweb


@pytest.mark.parametrize("query", ["?limit=0", "?filter[api_key]=x", "?filter[default_agent_id]=x", "?sort=engine"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(PATH + query, as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
