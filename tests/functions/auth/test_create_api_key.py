import pytest

PATH = "/api/v1/auth/api-keys"


def secret_of(made):
    """What stands behind the tenant in `vk_<tenant>_<secret>`; it may hold underscores itself."""
    return made["key"].split("_", 2)[2]


def test_a_key_is_shown_once_and_works(api, tenant, world):
    made = api.post(PATH, {"name": "Website"}, as_=tenant.admin)
    assert made.status_code == 201
    assert made.json["role"] == "admin"
    profile = api.get("/api/v1/auth/profile", headers={"X-API-Key": made.json["key"]})
    assert profile.json["user_id"] == str(tenant.admin.user_id)
    kept = world.rows("select * from api_keys where id = :id", id=made.json["id"])
    assert secret_of(made.json) not in str(kept)
    assert made.json["key"].endswith(made.json["hint"])


def test_a_key_may_have_a_lower_role(api, tenant):
    made = api.post(PATH, {"name": "Dashboard", "role": "viewer"}, as_=tenant.admin)
    assert made.json["role"] == "viewer"
    refused = api.post(PATH, {"name": "Another"}, headers={"X-API-Key": made.json["key"]})
    assert refused.status_code == 403


def test_a_key_of_another_tenant_proves_nothing_here(api, tenant, other_tenant):
    made = api.post(PATH, {"name": "Website"}, as_=tenant.admin).json["key"]
    moved = made.replace(tenant.tenant_id.hex, other_tenant.tenant_id.hex)
    assert api.get("/api/v1/auth/profile", headers={"X-API-Key": moved}).status_code == 401


def test_a_revoked_key_is_dead_at_once(api, tenant, world):
    made = api.post(PATH, {"name": "Website"}, as_=tenant.admin).json
    world.run("update api_keys set revoked_at = now() where id = :id", id=made["id"])
    assert api.get("/api/v1/auth/profile", headers={"X-API-Key": made["key"]}).status_code == 401


def test_it_says_so_without_the_secret(api, tenant, world):
    made = api.post(PATH, {"name": "Website"}, as_=tenant.admin).json
    (event,) = world.events("user.api_key_created")
    assert event["data"] == {"key_id": made["id"], "user_id": str(tenant.admin.user_id), "role": "admin"}
    assert event["actor"] == {"type": "user", "id": str(tenant.admin.user_id)}
    assert secret_of(made) not in str(event)


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_makes_keys(api, tenant, role):
    assert api.post(PATH, {"name": "Mine"}, as_=getattr(tenant, role)).status_code == 403


def test_a_stranger_makes_none(api, tenant):
    assert api.post(PATH, {"name": "Mine"}).status_code == 401


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "role": "owner"}, {"name": "x", "key": "mine"}])
def test_what_does_not_fit_is_refused(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.admin).status_code == 422
