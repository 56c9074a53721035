import pytest

from infra.fakes.waha_events import Party
from infra.fakes.waha_signs import make_group, make_participants
from tests.support.borders import hidden
from tests.support.conversation import ANA, speak

PATH = "/api/v1/crm/chats/{}/participants"
GROUP = "120363000000000001@g.us"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")
CAIO = Party(phone="5511900000003", lid="100000000000003", name="Caio")


@pytest.fixture
def group(world, channel):
    """Bia runs it, Ana has spoken there, and Caio has left."""
    members = {ANA: "participant", BIA: "admin", CAIO: "participant"}
    assert channel.deliver(make_group("GOWS", "join", GROUP, members=members)).status_code == 200
    spoken = speak(world, channel, customer=ANA, group=GROUP)
    at = int(world.now().timestamp()) + 1
    assert channel.deliver(make_participants("GOWS", "leave", GROUP, [CAIO], at=at)).status_code == 200
    return spoken


def seen(api, tenant, chat_id, query=""):
    return api.get(PATH.format(chat_id) + query, as_=tenant.viewer).json["data"]


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_who_is_in_a_group(api, tenant, group, theirs, role):
    answer = api.get(PATH.format(group.chat_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    found = {each["phone"]: (each["name"], each["role"]) for each in answer.json["data"]}
    assert found == {"+5511987654321": ("Ana", "participant"), "+5511900000002": ("", "admin")}


def test_each_is_known_by_the_contact_they_are(api, tenant, group):
    ids = {each["id"] for each in seen(api, tenant, group.chat_id)}
    chat = api.get(f"/api/v1/crm/chats/{group.chat_id}", as_=tenant.viewer).json
    assert ids == set(chat["participants"])
    assert str(group.contact_id) in ids


def test_those_who_run_it_can_be_asked_for(api, tenant, group):
    found = seen(api, tenant, group.chat_id, "?filter[role]=admin")
    assert [each["phone"] for each in found] == ["+5511900000002"]


@pytest.mark.parametrize("sort", ["created_at:asc", "name:desc"])
def test_pages_follow_each_other(api, tenant, group, sort):
    path = f"{PATH.format(group.chat_id)}?sort={sort}"
    whole = api.get(path, as_=tenant.viewer).json["data"]
    first = api.get(f"{path}&limit=1", as_=tenant.viewer).json
    rest = api.get(f"{path}&limit=1&cursor={first['paging']['next']}", as_=tenant.viewer).json
    assert first["data"] + rest["data"] == whole
    assert len(whole) == 2


def test_in_a_chat_with_one_person_it_is_they(api, tenant, spoken):
    (found,) = seen(api, tenant, spoken.chat_id)
    assert (found["id"], found["role"]) == (str(spoken.contact_id), "participant")


def test_of_somebody_who_was_deleted_nothing_is_told_but_that_they_are_there(api, tenant, group):
    assert api.delete(f"/api/v1/crm/contacts/{group.contact_id}", as_=tenant.admin).status_code == 204
    (ana,) = [each for each in seen(api, tenant, group.chat_id) if each["id"] == str(group.contact_id)]
    assert (ana["name"], ana["phone"]) == ("", None)


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.chat_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.chat_id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=phone", "filter[name]=x", "filter[role]=king"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, spoken, query):
    assert api.get(f"{PATH.format(spoken.chat_id)}?{query}", as_=tenant.viewer).status_code == 400
