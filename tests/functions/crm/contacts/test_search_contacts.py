import pytest

PATH = "/api/v1/crm/contacts/search"
PEOPLE = (
    {"name": "Ana Lúcia Souza", "phone": "+5511987654321"},
    {"name": "João Conceição", "phone": "+5521911112222", "email": "joao@padaria.com.br"},
    {"name": "ÂNGELA Müller", "email": "angela@example.com"},
    {"name": "100% Pão_de_Queijo", "phone": "+351912345678"},
)


@pytest.fixture(autouse=True)
def people(api, tenant, theirs):
    for person in PEOPLE:
        assert api.post("/api/v1/crm/contacts", person, as_=tenant.agent).status_code == 201


def found(api, tenant, **body):
    answer = api.post(PATH, body, as_=tenant.viewer)
    assert answer.status_code == 200, answer.text
    return {each["name"].split()[0] for each in answer.json["data"]}


def test(field, op, value):
    return {"field": field, "op": op, "value": value}


test.__test__ = False  # type: ignore[attr-defined] # it makes a condition


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("souza", {"Ana"}),
        ("lucia SOUZA", {"Ana"}),
        ("souza ana", {"Ana"}),
        ("joao conceicao", {"João"}),
        ("JOÃO CONCEIÇÃO", {"João"}),
        ("angela muller", {"ÂNGELA"}),
        ("an", {"Ana", "ÂNGELA"}),
        ("987654321", {"Ana"}),
        ("(11) 98765-4321", {"Ana"}),
        ("11 8765-4321", {"Ana"}),
        ("padaria.com", {"João"}),
        ("JOAO@padaria.com.br", {"João"}),
        ("100%", {"100%"}),
        ("%", {"100%"}),
        ("_de_", {"100%"}),
        ("ninguém", set()),
        ("'; drop table contacts --", set()),
        ("", {"Ana", "João", "ÂNGELA", "100%"}),
        ("  ", {"Ana", "João", "ÂNGELA", "100%"}),
    ],
)
def test_words_are_found_whatever_their_accents(api, tenant, query, names):
    assert found(api, tenant, query=query) == names


@pytest.mark.parametrize(
    ("tree", "names"),
    [
        (test("name", "contains", "conceicao"), {"João"}),
        (test("name", "equals", "Ana Lúcia Souza"), {"Ana"}),
        (test("name", "equals", "ana lucia souza"), set()),
        (test("phone", "equals", "+5511987654321"), {"Ana"}),
        (test("phone", "equals", "+551187654321"), {"Ana"}),
        (test("phone", "contains", "11 98765"), {"Ana"}),
        (test("email", "equals", "Joao@Padaria.com.br"), {"João"}),
        (test("email", "contains", "example"), {"ÂNGELA"}),
        (test("score", "gt", 10), set()),
        (test("score", "between", [0, 10]), {"Ana", "João", "ÂNGELA", "100%"}),
        (test("qualification", "equals", "qualified"), set()),
        (test("source", "equals", "api"), {"Ana", "João", "ÂNGELA", "100%"}),
        (test("created_at", "gt", "2020-01-01T00:00:00Z"), {"Ana", "João", "ÂNGELA", "100%"}),
        (test("created_at", "lt", "2020-01-01T00:00:00Z"), set()),
        (
            test("created_at", "between", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"]),
            {"Ana", "João", "ÂNGELA", "100%"},
        ),
        ({"and": [test("name", "contains", "an"), test("email", "contains", "@")]}, {"ÂNGELA"}),
        ({"or": [test("name", "contains", "ana"), test("name", "contains", "joao")]}, {"Ana", "João"}),
        (
            {
                "and": [
                    {"or": [test("name", "contains", "ana"), test("name", "contains", "joao")]},
                    test("phone", "contains", "21"),
                ]
            },
            {"Ana", "João"},
        ),
        (
            {
                "or": [
                    {"and": [test("name", "contains", "ana"), test("email", "contains", "@")]},
                    test("name", "contains", "muller"),
                ]
            },
            {"ÂNGELA"},
        ),
    ],
)
def test_a_tree_of_conditions_is_followed(api, tenant, tree, names):
    assert found(api, tenant, filter=tree) == names


def test_words_and_tree_must_both_fit(api, tenant):
    assert found(api, tenant, query="an", filter=test("phone", "contains", "11")) == {"Ana"}


def test_pages_follow_each_other(api, tenant):
    first = api.post(PATH, {"limit": 3}, as_=tenant.viewer).json
    rest = api.post(PATH, {"limit": 3, "cursor": first["paging"]["next"]}, as_=tenant.viewer).json
    assert len({each["id"] for each in first["data"] + rest["data"]}) == 4
    assert rest["paging"]["next"] is None


def test_they_come_in_the_order_asked_for(api, tenant):
    def found(**body):
        return api.post(PATH, {"sort": "name:asc", **body}, as_=tenant.viewer).json

    first = found(limit=2)
    assert [each["name"].split()[0] for each in first["data"]] == ["100%", "Ana"]
    rest = found(limit=2, cursor=first["paging"]["next"])
    assert [each["name"].split()[0] for each in rest["data"]] == ["ÂNGELA", "João"]
    assert api.post(PATH, {"sort": "phone"}, as_=tenant.viewer).status_code == 400


def test_the_deleted_are_left_out(api, tenant):
    (ana,) = api.post(PATH, {"query": "souza"}, as_=tenant.viewer).json["data"]
    api.delete(f"/api/v1/crm/contacts/{ana['id']}", as_=tenant.admin)
    assert found(api, tenant, query="souza") == set()


def test_a_stranger_finds_nothing(api, tenant):
    assert api.post(PATH, {}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 101},
        {"limit": "10"},
        {"query": "x" * 201},
        {"page": 2},
        {"filter": {}},
        {"filter": {"and": []}},
        {"filter": {"field": "name", "op": "contains"}},
        {"filter": {"and": [test("name", "contains", "a")], "or": [test("name", "contains", "a")]}},
        {"filter": {"and": [test("name", "contains", "a")], **test("name", "contains", "a")}},
        {"filter": test("tenant_id", "equals", "x")},
        {"filter": test("name", "like", "x")},
        {"filter": test("name", "gt", "x")},
        {"filter": test("name", "contains", ["x"])},
        {"filter": test("name", "equals", 7)},
        {"filter": test("source", "equals", "nowhere")},
        {"filter": test("source", "contains", "api")},
        {"filter": test("score", "gt", "10")},
        {"filter": test("score", "gt", 1.5)},
        {"filter": test("score", "gt", True)},
        {"filter": test("score", "gt", 1 << 40)},
        {"filter": test("score", "contains", 1)},
        {"filter": test("qualification", "equals", "hot")},
        {"filter": test("created_at", "gt", 20260101)},
        {"filter": test("created_at", "gt", "yesterday")},
        {"filter": test("created_at", "between", ["2020-01-01T00:00:00Z"])},
        {"filter": test("created_at", "gt", "2020-01-01")},
        {"filter": test("created_at", "contains", "2020-01-01")},
        {"filter": {"or": [test("name", "contains", "a")] * 51}},
        {"filter": {"or": [{"and": [test("name", "contains", "a")] * 26}] * 2}},
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 422


def test_a_cursor_of_nobody_is_a_400(api, tenant):
    assert api.post(PATH, {"cursor": "x"}, as_=tenant.viewer).status_code == 400
