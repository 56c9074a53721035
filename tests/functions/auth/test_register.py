from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

PATH = "/api/v1/auth/register"
BODY = {
    "tenant_name": "Padaria Aurora",
    "name": "Ana Souza",
    "email": "Ana@Example.com",
    "password": "correct horse battery",
}


def test_it_opens_a_tenant_with_a_project_and_an_admin(api, world):
    made = api.post(PATH, BODY)
    assert made.status_code == 201
    assert set(made.json) == {
        *("tenant_id", "project_id", "user_id", "session_id"),
        *("access_token", "token_type", "expires_in", "refresh_token"),
    }
    assert world.rows("select name, status from tenants") == [{"name": "Padaria Aurora", "status": "active"}]
    assert world.rows("select timezone, session_timeout_minutes from projects") == [
        {"timezone": "America/Sao_Paulo", "session_timeout_minutes": 1440}
    ]
    assert world.rows("select user_id, project_id, role from memberships") == [
        {"user_id": made.json["user_id"], "project_id": made.json["project_id"], "role": "admin"}
    ]
    assert world.rows("select email, tenant_id from logins") == [
        {"email": "ana@example.com", "tenant_id": made.json["tenant_id"]}
    ]


def test_whoever_registers_is_signed_in(api):
    token = api.post(PATH, BODY).json["access_token"]
    profile = api.get("/api/v1/auth/profile", headers={"Authorization": f"Bearer {token}"})
    assert profile.json["role"] == "admin"
    assert profile.json["tenant_name"] == "Padaria Aurora"


def test_the_same_request_under_the_same_key_opens_one_tenant(api, world):
    def post(key, **changes):
        answer = api.post(PATH, {**BODY, **changes}, headers={"Idempotency-Key": key})
        return answer.status_code, (answer.json.get("error") or {}).get("code")

    assert post("k1") == (201, None)
    # Its tokens were not kept to be shown again.
    assert post("k1") == (409, "answer_not_kept")
    assert post("k1", tenant_name="Padaria Boreal") == (422, "idempotency_key_reused")
    assert post("k1", password="short") == (422, "invalid")
    assert world.value("select count(*) from tenants") == 1
    assert post("k1", email="bia@example.com") == post("k2") == (201, None)
    assert post("") == (400, "bad_idempotency_key")
    assert world.value("select count(*) from tenants") == 3


def test_many_of_them_at_once_open_one_tenant(api, world):
    with ThreadPoolExecutor(5) as threads:
        headers = {"Idempotency-Key": "k1"}
        answers = list(threads.map(lambda _: api.post(PATH, BODY, headers=headers).status_code, range(5)))
    assert sorted(answers) == [201] + [409] * 4
    assert world.value("select count(*) from tenants") == 1


def test_the_password_rests_as_a_slow_hash(api, world):
    api.post(PATH, BODY)
    kept = world.value("select password_hash from users")
    assert kept.startswith("$argon2id$")
    assert BODY["password"] not in kept


def test_it_says_what_happened_without_names_or_addresses(api, world):
    made = api.post(PATH, BODY).json
    assert [event["event_type"] for event in world.events()] == [
        "customer.created",
        "project.created",
        "user.registered",
        "project_member.invited",
        "user.logged_in",
    ]
    assert {event["tenant_id"] for event in world.events()} == {made["tenant_id"]}
    assert world.events("project.created")[0]["project_id"] == made["project_id"]
    for text in ("ana@example.com", "Ana", "Padaria"):
        assert text not in str(world.events())


def test_one_email_may_open_several_tenants(api, world):
    first, second = (api.post(PATH, BODY).json["tenant_id"] for _ in range(2))
    assert UUID(first) < UUID(second)
    assert world.value("select count(*) from logins where email = 'ana@example.com'") == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("password", "too short"),
        ("password", "x" * 201),
        ("password", None),
        ("email", "ana"),
        ("name", "  "),
        ("tenant_name", "x" * 201),
        ("tenant_name", "two\nlines"),
        ("role", "admin"),
    ],
)
def test_what_does_not_fit_is_named(api, world, field, value):
    refused = api.post(PATH, {**BODY, field: value})
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json["error"]["details"]["fields"]] == [field]
    assert world.value("select count(*) from tenants") == 0


@pytest.mark.parametrize("body", ["", "{", "[]", '{"name": "a", "name": "b"}'])
def test_what_is_no_object_is_refused(api, body):
    assert api.post(PATH, data=body).status_code in {400, 422}


def test_a_refusal_does_not_repeat_the_password(api):
    refused = api.post(PATH, {**BODY, "password": "sesame"})
    assert "sesame" not in refused.text
