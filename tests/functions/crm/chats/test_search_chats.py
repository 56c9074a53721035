import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import speak

PATH = "/api/v1/crm/chats/search"
PEOPLE = {
    "ana": Party(phone="5511987654321", lid="100000000000001", name="Ana Lúcia Souza"),
    "joao": Party(phone="5521911112222", lid="100000000000002", name="João Conceição"),
    "bia": Party(phone="351912345678", lid="100000000000003", name="Bia"),
}
START = 1_783_000_000
GROUP = "120363000000000001@g.us"


@pytest.fixture
def said(world, channel, theirs):
    """One chat with each of them, an hour after the one before; then all in a group."""
    told = {
        name: speak(world, channel, customer=person, timestamp=START + number * 3600)
        for number, (name, person) in enumerate(PEOPLE.items())
    }
    told["group"] = speak(world, channel, customer=PEOPLE["ana"], group=GROUP, timestamp=START + 4 * 3600)
    world.run("update chats set subject = 'Pedidos da Páscoa' where kind = 'group'")
    return told


@pytest.fixture
def find(api, tenant, said):
    names = {str(each.chat_id): name for name, each in said.items()}

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
        ("", ["group", "bia", "joao", "ana"]),
        ("lucia SOUZA", ["ana"]),
        ("(21) 91111", ["joao"]),
        ("pascoa pedidos", ["group"]),
        ("natal", []),
        ("%", []),
    ],
)
def test_they_are_found_by_whom_they_are_with_or_what_they_are_about(find, query, names):
    assert find(query=query) == names


def test_a_tree_of_conditions_is_followed(api, tenant, world, channel, find, said):
    world.run("update chats set status = 'archived' where id = :id", id=said["bia"].chat_id)
    for tree, names in (
        (test("status", "equals", "archived"), ["bia"]),
        (test("kind", "equals", "group"), ["group"]),
        (test("contact_id", "equals", str(said["joao"].contact_id)), ["joao"]),
        (test("channel_id", "equals", str(channel.id).upper()), ["group", "bia", "joao", "ana"]),
        (test("subject", "contains", "PASCOA"), ["group"]),
        (test("last_message_at", "gt", "2026-07-02T14:46:40Z"), ["group", "bia"]),
        (test("last_message_at", "between", ["2026-07-02T14:00:00Z", "2026-07-02T15:00:00Z"]), ["joao"]),
        ({"and": [test("status", "equals", "active"), test("kind", "equals", "individual")]}, ["joao", "ana"]),
        ({"or": [test("status", "equals", "archived"), test("kind", "equals", "group")]}, ["group", "bia"]),
    ):
        assert find(filter=tree) == names, tree


def test_words_and_tree_must_both_fit(find):
    assert find(query="a", filter=test("last_message_at", "gt", "2026-07-02T14:00:00Z")) == ["group", "bia", "joao"]


def test_pages_follow_each_other_in_the_order_asked_for(api, tenant, find, said):
    for sort, names in (
        ("last_message_at:asc", ["ana", "joao", "bia", "group"]),
        ("created_at:desc", ["group", "bia", "joao", "ana"]),
    ):
        first = api.post(PATH, {"limit": 3, "sort": sort}, as_=tenant.viewer).json
        assert find(limit=3, sort=sort) == names[:3]
        assert find(limit=3, sort=sort, cursor=first["paging"]["next"]) == names[3:]


def test_what_belongs_to_another_tenant_is_found_by_nothing(api, tenant, theirs):
    body = {"filter": test("contact_id", "equals", str(theirs.contact_id))}
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
        {"filter": test("status", "equals", "asleep")},
        {"filter": test("kind", "contains", "gr")},
        {"filter": test("channel_id", "equals", "x")},
        {"filter": test("created_at", "equals", "yesterday")},
        {"filter": test("tenant_id", "equals", "x")},
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 422


@pytest.mark.parametrize("body", [{"cursor": "x"}, {"sort": "subject"}, {"sort": "created_at:up"}])
def test_what_is_no_place_in_a_list_is_a_400(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 400
