import json

import pytest

from shared.crm.contacts.view import CONTACTS
from shared.runtime.identity import tenant_scope
from shared.runtime.paging import PageQuery
from shared.runtime.postgres import Sql, connections, sql
from shared.runtime.query import page
from shared.runtime.settings import settings

PATH = "/api/v1/crm/contacts"
MANY = """
insert into contacts (id, tenant_id, project_id, version, source, name, created_at)
select gen_random_uuid(), :tenant_id, :project_id, 1, 'api', 'Pessoa ' || number % 7,
    now() - make_interval(mins => cast(number / 3 as integer))
from generate_series(1, 6000) as number
"""


@pytest.fixture
def people(api, tenant, theirs):
    names = ("Ana", "Bia", "Caio", "Duda", "Eva")
    made = [
        api.post(PATH, {"name": name, "phone": f"+551198765432{number}"}, as_=tenant.agent)
        for number, name in enumerate(names)
    ]
    return [each.json for each in made]


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_projects_contacts_and_no_others(api, tenant, people, role):
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert answer.json["data"] == people[::-1]
    assert answer.json["paging"] == {"next": None, "previous": None}


def test_pages_follow_each_other_there_and_back(api, tenant, people):
    first = api.get(f"{PATH}?limit=2&sort=name:asc", as_=tenant.viewer).json
    second = api.get(f"{PATH}?limit=2&sort=name:asc&cursor={first['paging']['next']}", as_=tenant.viewer).json
    back = api.get(f"{PATH}?limit=2&sort=name:asc&cursor={second['paging']['previous']}", as_=tenant.viewer).json
    assert [each["name"] for each in first["data"] + second["data"]] == ["Ana", "Bia", "Caio", "Duda"]
    assert back["data"] == first["data"]
    numbered = api.get(f"{PATH}?limit=2&sort=name:asc&page=3", as_=tenant.viewer).json
    assert [each["name"] for each in numbered["data"]] == ["Eva"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("filter[phone]=%2B5511987654322", ["Caio"]),
        ("filter[name][contains]=A", ["Ana", "Bia", "Caio", "Duda", "Eva"]),
        ("filter[name]=Ana", ["Ana"]),
        ("filter[source]=message", []),
        ("filter[source]=api&filter[created_at][gt]=2020-01-01T00:00:00Z", ["Ana", "Bia", "Caio", "Duda", "Eva"]),
        ("filter[created_at][lt]=2020-01-01T00:00:00Z", []),
    ],
)
def test_they_can_be_asked_for(api, tenant, people, query, names):
    answer = api.get(f"{PATH}?sort=name:asc&{query}", as_=tenant.viewer)
    assert [each["name"] for each in answer.json["data"]] == names


def test_the_worth_of_contacts_sorts_them_and_can_be_asked_for(api, tenant, people):
    for person, score in zip(people, (10, 90, 50, 50, 0), strict=True):
        verdict = "qualified" if score >= 50 else "disqualified"
        body = {"score": score, "qualification": verdict}
        assert api.post(f"{PATH}/{person['id']}/qualify", body, as_=tenant.agent).status_code == 200

    def names(query):
        return [each["name"] for each in api.get(f"{PATH}?{query}", as_=tenant.viewer).json["data"]]

    assert names("sort=score:desc") == ["Bia", "Duda", "Caio", "Ana", "Eva"]
    assert names("filter[score][gte]=50&sort=name:asc") == ["Bia", "Caio", "Duda"]
    assert names("filter[score][gt]=50&filter[qualification]=qualified") == ["Bia"]
    assert names("filter[qualification]=disqualified&sort=score:asc") == ["Eva", "Ana"]
    first = api.get(f"{PATH}?sort=score:desc&limit=2", as_=tenant.viewer).json
    assert names(f"sort=score:desc&limit=2&cursor={first['paging']['next']}") == ["Caio", "Ana"]


def test_names_are_sorted_whatever_their_accents_and_case(api, tenant, people):
    for name in ("Álvaro", "ana", "Çelia", "zé"):
        api.post(PATH, {"name": name, "email": f"{len(name)}{ord(name[0])}@example.com"}, as_=tenant.agent)
    found = [each["name"] for each in api.get(f"{PATH}?sort=name:asc", as_=tenant.viewer).json["data"]]
    assert [name for name in found if name.lower() != "ana"] == ["Álvaro", "Bia", "Caio", "Çelia", "Duda", "Eva", "zé"]
    assert found[1:3] in (["Ana", "ana"], ["ana", "Ana"])


def test_a_phone_finds_whoever_is_known_by_it(api, tenant, people):
    api.patch(f"{PATH}/{people[0]['id']}", {"phone": "+5521911112222"}, as_=tenant.agent)
    for phone in ("%2B5511987654320", "%2B551187654320", "%2B5521911112222"):
        found = api.get(f"{PATH}?filter[phone]={phone}", as_=tenant.viewer).json["data"]
        assert [each["name"] for each in found] == ["Ana"]
    found = api.get(f"{PATH}?filter[phone][contains]=98765432&sort=name:asc&limit=2", as_=tenant.viewer).json
    assert [each["name"] for each in found["data"]] == ["Ana", "Bia"]


def test_names_of_nothing_but_emojis_are_paged_through_too(api, tenant):
    for number in range(3):
        api.post(PATH, {"name": "😀" * 199 + "🙂😉😎"[number], "email": f"{number}@example.com"}, as_=tenant.agent)
    path = f"{PATH}?sort=name:asc&limit=1"
    pages = [api.get(path, as_=tenant.viewer).json]
    while cursor := pages[-1]["paging"]["next"]:
        pages.append(api.get(f"{path}&cursor={cursor}", as_=tenant.viewer).json)
    assert sorted(page["data"][0]["name"][-1] for page in pages) == sorted("🙂😉😎")


def test_the_deleted_are_left_out(api, tenant, people):
    api.delete(f"{PATH}/{people[0]['id']}", as_=tenant.admin)
    assert people[0]["id"] not in api.get(PATH, as_=tenant.admin).text


@pytest.mark.parametrize(
    "query",
    [
        "limit=101",
        "limit=0",
        "limit=x",
        "limit=%205",
        "limit=%2B5",
        "limit=05",
        "limit=5.0",
        "limit=1_0",
        "limit=%D9%A5",
        "limit=",
        "page=2.0",
        "page=0",
        "sort=phone",
        "cursor=x",
        "filter[deleted_at]=x",
        "offset=1",
        "filter[score]=x",
        "filter[score]=1_0",
        "filter[name]=%FF",
        "filter[name]=%ED%A0%80",
        "%FF=1",
    ],
)
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401


@pytest.mark.parametrize("sort", ["created_at:desc,name:asc", "name:asc,score:desc,created_at:desc"])
def test_several_keys_are_served_by_the_index_of_the_first(tenant, world, sort):
    world.run(MANY, tenant_id=tenant.tenant_id, project_id=tenant.project_id)
    world.run("analyze contacts")
    project = sql("select set_config('app.project_id', :id, true)", id=tenant.project_id)
    cursor = None
    for _ in range(3):
        wanted = page(CONTACTS, PageQuery(limit=20, sort=sort, cursor=cursor, page=None), {}).sql
        asked = tenant_scope(tenant.tenant_id), project, Sql(f"explain {wanted.text}", wanted.values), wanted
        *_, plan, rows = connections(settings().database_url).run(*asked)
        shown = "\n".join(str(row[0]) for row in plan)
        assert "Incremental Sort" in shown, shown
        assert "Seq Scan on contacts" not in shown, shown
        cursor = json.loads(rows[0][0] or "")["paging"]["next"]
