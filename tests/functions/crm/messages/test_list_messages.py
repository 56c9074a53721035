import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/messages"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.fixture
def said(world, channel, spoken):
    """What Ana said, in order; Bia said something too."""
    now = int(world.now().timestamp())
    told = [speak(world, channel, f"{number}", timestamp=now + number - 60) for number in range(1, 4)]
    speak(world, channel, "Eu também", customer=BIA)
    return [str(each.message_id) for each in [*told, spoken]]


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
@pytest.mark.parametrize("of", ["chat_id", "session_id", "contact_id"])
def test_every_member_sees_what_was_said_the_latest_first(api, tenant, spoken, said, role, of):
    answer = api.get(f"{PATH}?filter[{of}]={getattr(spoken, of)}", as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["data"]] == said[::-1]


def test_pages_follow_each_other(api, tenant, spoken, said):
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}&limit=3&sort=sent_at:asc"
    first = api.get(path, as_=tenant.viewer).json
    rest = api.get(f"{path}&cursor={first['paging']['next']}", as_=tenant.viewer).json
    assert [each["id"] for each in first["data"] + rest["data"]] == said


def test_more_can_be_asked(api, world, tenant, channel, spoken, said):
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}"
    assert api.get(f"{path}&filter[direction]=outbound", as_=tenant.viewer).json["data"] == []
    assert len(api.get(f"{path}&filter[channel_id]={channel.id}", as_=tenant.viewer).json["data"]) == 4
    assert api.get(f"{path}&filter[sent_at][gt]=2999-01-01T00:00:00Z", as_=tenant.viewer).json["data"] == []


@pytest.mark.parametrize(
    "query",
    [
        "filter[sender_contact_id]={contact_id}",
        "filter[message_group_id]={group_id}",
        "filter[sender_kind]=contact&filter[type]=text&filter[status]=received",
        "filter[created_at][gte]=2020-01-01T00:00:00Z&filter[updated_at][lt]=2999-01-01T00:00:00Z",
    ],
)
def test_each_filter_takes_what_fits(api, tenant, spoken, said, answered, query):
    answered("sent")
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}&{query.format(**vars(spoken))}&filter[direction]=inbound"
    assert [each["id"] for each in api.get(path, as_=tenant.viewer).json["data"]] == said[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "filter[agent_id]={contact_id}",
        "filter[quoted_message_id]={message_id}",
        "filter[failure_code]=refused",
        "filter[read_at][gt]=2020-01-01T00:00:00Z",
        "filter[delivered_at][lt]=2999-01-01T00:00:00Z",
    ],
)
def test_and_leaves_out_what_does_not(api, tenant, spoken, said, query):
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}&{query.format(**vars(spoken))}"
    assert api.get(path, as_=tenant.viewer).json["data"] == []


def test_what_failed_and_why_can_be_asked(api, tenant, spoken, answered):
    message = answered("failed", failure="unreachable")
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}&filter[failure_code]=unreachable&filter[status]=failed"
    assert [each["id"] for each in api.get(path, as_=tenant.viewer).json["data"]] == [message]


@pytest.mark.parametrize("sort", ["sent_at", "created_at", "updated_at"])
def test_it_is_sorted_as_asked(api, tenant, spoken, said, sort):
    path = f"{PATH}?filter[chat_id]={spoken.chat_id}&sort={sort}"
    for way in ("asc", "desc"):
        moments = [each[sort] for each in api.get(f"{path}:{way}", as_=tenant.viewer).json["data"]]
        assert len(moments) == 4
        assert moments == sorted(moments, reverse=way == "desc")


@pytest.mark.parametrize("query", ["", "filter[direction]=inbound", "limit=10"])
def test_it_must_be_said_whose(api, tenant, query):
    refused = api.get(f"{PATH}?{query}", as_=tenant.viewer)
    assert refused.status_code == 400
    assert refused.json["error"]["code"] == "filter_required"


def test_it_may_be_said_with_an_operator(api, tenant, spoken, said):
    answer = api.get(f"{PATH}?filter[chat_id][eq]={spoken.chat_id}", as_=tenant.viewer)
    assert [each["id"] for each in answer.json["data"]] == said[::-1]
    assert api.get(f"{PATH}?filter[chat_id][gt]={spoken.chat_id}", as_=tenant.viewer).status_code == 400


@pytest.mark.parametrize("of", ["chat_id", "session_id", "contact_id"])
def test_what_belongs_to_another_tenant_looks_like_what_never_was(api, tenant, theirs, of):
    assert hidden(api, tenant.admin, "GET", f"{PATH}?filter[{of}]={{}}", getattr(theirs, of))


@pytest.mark.parametrize("query", ["limit=101", "sort=text", "filter[text]=x", "filter[session_id]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH}?filter[chat_id]={spoken.chat_id}&{query}", as_=tenant.viewer).status_code == 400


@pytest.mark.parametrize("of", ["chat_id", "session_id", "contact_id"])
@pytest.mark.parametrize("spelled", ["x", "", "urn:uuid:{}", "{{{}}}", "%20{}"])
def test_no_id_is_a_400(api, tenant, spoken, of, spelled):
    answer = api.get(f"{PATH}?filter[{of}]={spelled.format(getattr(spoken, of))}", as_=tenant.viewer)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_filter")


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(f"{PATH}?filter[chat_id]={spoken.chat_id}").status_code == 401
