import pytest

PATH = "/api/v1/crm/contacts"


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
        ("filter[source]=api&filter[created_at][gt]=2020-01-01", ["Ana", "Bia", "Caio", "Duda", "Eva"]),
        ("filter[created_at][lt]=2020-01-01T00:00:00Z", []),
    ],
)
def test_they_can_be_asked_for(api, tenant, people, query, names):
    answer = api.get(f"{PATH}?sort=name:asc&{query}", as_=tenant.viewer)
    assert [each["name"] for each in answer.json["data"]] == names


def test_the_deleted_are_left_out(api, tenant, people):
    api.delete(f"{PATH}/{people[0]['id']}", as_=tenant.admin)
    assert people[0]["id"] not in api.get(PATH, as_=tenant.admin).text


@pytest.mark.parametrize(
    "query",
    ["limit=101", "limit=0", "limit=x", "page=0", "sort=phone", "cursor=x", "filter[deleted_at]=x", "offset=1"],
)
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
