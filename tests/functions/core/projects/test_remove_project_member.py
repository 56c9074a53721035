import pytest

from tests.support.borders import hidden


def path(tenant, member="{}"):
    return f"/api/v1/projects/{tenant.project_id}/members/{member}"


def member_of(world, person):
    return world.value("select id from memberships where user_id = :id", id=person.user_id)


def test_whoever_is_removed_is_out_with_the_next_request(api, tenant, world):
    assert api.delete(path(tenant, member_of(world, tenant.agent)), as_=tenant.admin).status_code == 204
    for caller in (tenant.agent, tenant.agent.key):
        assert api.get("/api/v1/auth/profile", as_=caller).status_code == 401
    (event,) = world.events("project_member.removed")
    assert event["data"] == {"user_id": str(tenant.agent.user_id)}


def test_old_keys_and_tokens_stay_dead_when_the_person_comes_back(api, tenant, world):
    api.delete(path(tenant, member_of(world, tenant.agent)), as_=tenant.admin)
    body = {"email": tenant.agent.email, "name": "Agent", "role": "agent"}
    assert api.post(path(tenant, "")[:-1], body, as_=tenant.admin).status_code == 201
    for caller in (tenant.agent, tenant.agent.key):
        assert api.get("/api/v1/auth/profile", as_=caller).status_code == 401
    login = {"email": tenant.agent.email, "password": tenant.agent.password}
    assert api.post("/api/v1/auth/login", login).status_code == 200


def test_the_last_admin_cannot_go(api, tenant, world):
    refused = api.delete(path(tenant, member_of(world, tenant.admin)), as_=tenant.admin)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "last_admin")
    assert api.get("/api/v1/auth/profile", as_=tenant.admin).status_code == 200


def test_another_tenants_member_looks_like_one_that_never_was(api, tenant, other_tenant, world):
    assert hidden(api, tenant.admin, "DELETE", path(tenant), member_of(world, other_tenant.agent))


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_removes(api, tenant, world, role):
    other = path(tenant, member_of(world, tenant.admin))
    assert api.delete(other, as_=getattr(tenant, role)).status_code == 403
