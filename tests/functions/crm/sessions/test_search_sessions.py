import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions/search"
PEOPLE = {
    "ana": Party(phone="5511987654321", lid="100000000000001", name="Ana Lúcia Souza"),
    "joao": Party(phone="5521911112222", lid="100000000000002", name="João Conceição"),
    "bia": Party(phone="351912345678", lid="100000000000003", name="Bia"),
}
START = 1_783_000_000
GROUP = "120363000000000001@g.us"


@pytest.fixture
def said(world, channel, theirs):
    """One session with each of them, an hour after the one before."""
    return {
        name: speak(world, channel, customer=person, timestamp=START + number * 3600)
        for number, (name, person) in enumerate(PEOPLE.items())
    }


@pytest.fixture
def find(api, tenant, said):
    names = {str(each.session_id): name for name, each in said.items()}

    def find(**body):
        answer = api.post(PATH, body, as_=tenant.viewer)
        assert answer.status_code == 200, answer.text
        return [names[each["id"]] for each in answer.json["data"]]

    return find


def test(field, op, value):
    return {"field": field, "op": op, "value": value}


test.__test__ = False  # type: ignore[attr-defined] # it makes a condition


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["bia", "joao", "ana"]),
        ("lucia SOUZA", ["ana"]),
        ("JOAO conceicao", ["joao"]),
        ("(21) 91111", ["joao"]),
        ("1", ["bia", "joao", "ana"]),
        ("ninguém", []),
        ("%", []),
    ],
)
def test_they_are_found_by_whom_they_are_with(find, query, names):
    expected = [] if query == "1" else names
    assert find(query=query) == expected


def test_a_tree_of_conditions_is_followed(api, tenant, find, said):
    sessions = "/api/v1/crm/sessions"
    api.post(f"{sessions}/{said['ana'].session_id}/close", {"outcome": "converted"}, as_=tenant.agent)
    held = api.post(f"{sessions}/{said['bia'].session_id}/assign", {}, as_=tenant.agent).json["agent_id"]
    for tree, names in (
        (test("status", "equals", "open"), ["bia", "joao"]),
        (test("outcome", "equals", "converted"), ["ana"]),
        (test("close_reason", "equals", "manual"), ["ana"]),
        (test("held_by", "equals", "human"), ["bia"]),
        (test("agent_id", "equals", held), ["bia"]),
        (test("contact_id", "equals", str(said["joao"].contact_id)), ["joao"]),
        (test("chat_id", "equals", str(said["ana"].chat_id).upper()), ["ana"]),
        (test("started_at", "gt", "2026-07-02T13:46:40Z"), ["bia", "joao"]),
        (test("last_message_at", "lt", "2026-07-02T14:46:40Z"), ["ana"]),
        (test("started_at", "between", ["2026-07-02T14:00:00Z", "2026-07-02T15:00:00Z"]), ["joao"]),
        (test("ended_at", "gt", "2020-01-01T00:00:00Z"), ["ana"]),
        ({"and": [test("status", "equals", "open"), test("held_by", "equals", "bot")]}, ["joao"]),
        ({"or": [test("status", "equals", "closed"), test("held_by", "equals", "human")]}, ["bia", "ana"]),
    ):
        assert find(filter=tree) == names, tree


def test_words_and_tree_must_both_fit(find, said):
    tree = test("started_at", "gt", "2026-07-02T14:00:00Z")
    assert find(query="a", filter=tree) == ["bia", "joao"]


def test_a_group_is_found_by_its_subject(api, tenant, world, channel):
    said = speak(world, channel, "Bom dia", group=GROUP)
    world.run("update chats set subject = 'Pedidos da Páscoa' where kind = 'group'")
    for query, found in (("pascoa pedidos", 1), ("natal", 0)):
        data = api.post(PATH, {"query": query}, as_=tenant.viewer).json["data"]
        assert [each["id"] for each in data] == [str(said.session_id)] * found


def test_pages_follow_each_other_in_the_order_asked_for(api, tenant, find, said):
    for sort, names in (("started_at:asc", ["ana", "joao", "bia"]), ("last_message_at:desc", ["bia", "joao", "ana"])):
        first = api.post(PATH, {"limit": 2, "sort": sort}, as_=tenant.viewer).json
        assert find(limit=2, sort=sort) == names[:2]
        assert find(limit=2, sort=sort, cursor=first["paging"]["next"]) == names[2:]


def test_what_belongs_to_another_tenant_is_found_by_nothing(api, tenant, theirs):
    for field, value in (("contact_id", theirs.contact_id), ("chat_id", theirs.chat_id)):
        body = {"filter": test(field, "equals", str(value))}
        assert api.post(PATH, body, as_=tenant.admin).json["data"] == []
    assert api.post(PATH, {"query": "ana"}, as_=tenant.admin).json["data"] == []


def test_a_stranger_finds_nothing(api, tenant):
    assert api.post(PATH, {}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 101},
        {"query": "x" * 201},
        {"page": 2},
        {"filter": {}},
        {"filter": {"or": []}},
        {"filter": test("status", "equals", "asleep")},
        {"filter": test("status", "contains", "op")},
        {"filter": test("status", "equals", 1)},
        {"filter": test("contact_id", "equals", "x")},
        {"filter": test("contact_id", "gt", "01957f3e-8a10-7b0f-93f6-b9caffe910cb")},
        {"filter": test("started_at", "equals", "yesterday")},
        {"filter": test("started_at", "gt", 20260101)},
        {"filter": test("started_at", "between", "2026-01-01")},
        {"filter": test("started_at", "between", ["2026-01-01T00:00:00Z"])},
        {"filter": test("tenant_id", "equals", "x")},
        {"filter": {"or": [{"and": [test("status", "equals", "open")] * 26}] * 2}},
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 422


@pytest.mark.parametrize("body", [{"cursor": "x"}, {"sort": "held_by"}, {"sort": "started_at:up"}])
def test_what_is_no_place_in_a_list_is_a_400(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 400
