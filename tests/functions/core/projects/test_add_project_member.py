from uuid import uuid4

import pytest

BIA = {"email": "bia@example.com", "name": "Bia Lima", "role": "agent", "password": "a long password"}


def path(tenant):
    return f"/api/v1/projects/{tenant.project_id}/members"


def test_a_new_person_gets_an_account_and_can_sign_in(api, tenant, world):
    made = api.post(path(tenant), BIA, as_=tenant.admin)
    assert made.status_code == 201
    assert (made.json["email"], made.json["name"], made.json["role"]) == ("bia@example.com", "Bia Lima", "agent")
    signed_in = api.post("/api/v1/auth/login", {"email": BIA["email"], "password": BIA["password"]})
    assert signed_in.json["user_id"] == made.json["user_id"]
    assert signed_in.json["project_id"] == str(tenant.project_id)
    happened = [event["event_type"] for event in world.events()]
    assert happened == ["user.registered", "project_member.invited", "user.logged_in"]
    assert "bia" not in str(world.events()).lower()


def test_without_a_password_nobody_can_sign_in_as_them(api, tenant):
    body = {name: value for name, value in BIA.items() if name != "password"}
    assert api.post(path(tenant), body, as_=tenant.admin).status_code == 201
    assert api.post("/api/v1/auth/login", {"email": BIA["email"], "password": ""}).status_code == 401


def test_a_person_known_to_the_tenant_keeps_their_account(api, tenant, world):
    world.run("delete from memberships where user_id = :id", id=tenant.viewer.user_id)
    body = {"email": tenant.viewer.email, "name": "Somebody Else", "role": "agent"}
    made = api.post(path(tenant), body, as_=tenant.admin)
    assert made.status_code == 201
    assert made.json["user_id"] == str(tenant.viewer.user_id)
    assert made.json["name"] == "Viewer"


def test_an_account_cannot_be_taken_over_by_inviting_its_owner(api, tenant, world):
    before = world.value("select password_hash from users where id = :id", id=tenant.agent.user_id)
    refused = api.post(path(tenant), {**BIA, "email": tenant.agent.email}, as_=tenant.admin)
    assert refused.status_code == 409
    assert world.value("select password_hash from users where id = :id", id=tenant.agent.user_id) == before


def test_the_same_email_in_another_tenant_is_another_account(api, tenant, other_tenant):
    first = api.post(path(tenant), BIA, as_=tenant.admin).json
    second = api.post(path(other_tenant), BIA, as_=other_tenant.admin).json
    assert first["user_id"] != second["user_id"]


def test_a_member_is_not_added_twice(api, tenant, world):
    body = {"email": tenant.agent.email, "name": "Agent", "role": "admin"}
    refused = api.post(path(tenant), body, as_=tenant.admin)
    assert refused.status_code == 409
    assert refused.json["error"]["code"] == "already_member"
    assert world.value("select role from memberships where user_id = :id", id=tenant.agent.user_id) == "agent"


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_adds_members(api, tenant, role):
    assert api.post(path(tenant), BIA, as_=getattr(tenant, role)).status_code == 403


def test_another_tenants_project_looks_like_one_that_never_was(api, tenant, other_tenant, world):
    request_id = {"X-Request-Id": "same"}
    theirs = api.post(path(other_tenant), BIA, as_=tenant.admin, headers=request_id)
    nobodys = api.post(f"/api/v1/projects/{uuid4()}/members", BIA, as_=tenant.admin, headers=request_id)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data
    assert world.value("select count(*) from users where email = 'bia@example.com'") == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [("role", "owner"), ("email", "bia"), ("name", " "), ("password", "short"), ("status", "active")],
)
def test_what_does_not_fit_is_named(api, tenant, field, value):
    refused = api.post(path(tenant), {**BIA, field: value}, as_=tenant.admin)
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json["error"]["details"]["fields"]] == [field]
