import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions"
PEOPLE = [Party(phone=f"551190000000{number}", lid=f"10000000000001{number}", name="Bia") for number in range(4)]


@pytest.fixture
def sessions(world, channel, theirs):
    """From the one that began first to the one that began last."""
    told = [speak(world, channel, customer=each, timestamp=1_783_000_000 + n) for n, each in enumerate(PEOPLE)]
    return [str(each.session_id) for each in told]


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_projects_sessions_the_latest_first(api, tenant, sessions, role):
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["data"]] == sessions[::-1]


def test_pages_follow_each_other(api, tenant, sessions):
    first = api.get(f"{PATH}?limit=3&sort=started_at:asc", as_=tenant.viewer).json
    path = f"{PATH}?limit=3&sort=started_at:asc&cursor={first['paging']['next']}"
    assert [each["id"] for each in first["data"] + api.get(path, as_=tenant.viewer).json["data"]] == sessions


def test_they_can_be_asked_for(api, tenant, sessions):
    api.post(f"{PATH}/{sessions[0]}/bot", {"paused": True}, as_=tenant.agent)
    api.post(f"{PATH}/{sessions[1]}/close", {"outcome": "converted"}, as_=tenant.agent)
    for query, expected in (
        ("filter[held_by]=human", sessions[:1]),
        ("filter[status]=closed", sessions[1:2]),
        ("filter[outcome]=converted", sessions[1:2]),
        ("filter[ended_at][gt]=2020-01-01T00:00:00Z", sessions[1:2]),
        ("filter[created_at][lt]=2020-01-01T00:00:00Z", []),
        ("filter[started_at][gte]=2026-07-02T13:46:42Z&sort=last_message_at:asc", sessions[2:]),
        ("filter[status]=open&sort=created_at:asc&limit=1", sessions[:1]),
        ("filter[status]=open&filter[held_by]=bot", sessions[:1:-1]),
    ):
        assert [each["id"] for each in api.get(f"{PATH}?{query}", as_=tenant.viewer).json["data"]] == expected


def test_what_belongs_to_another_tenant_is_found_by_no_filter(api, tenant, theirs):
    for name, theirs_id in (("contact_id", theirs.contact_id), ("chat_id", theirs.chat_id)):
        assert api.get(f"{PATH}?filter[{name}]={theirs_id}", as_=tenant.admin).json["data"] == []


@pytest.mark.parametrize("query", ["limit=101", "sort=held_by", "filter[version]=1", "filter[chat_id]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
