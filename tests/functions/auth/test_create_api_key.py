from datetime import timedelta

import pytest

from shared.core.api_keys.model import Scope
from shared.runtime.http import PUBLIC, SERVICE, Endpoint
from tests.support.functions import declared

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
    refused = api.post("/api/v1/crm/contacts", {"name": "Ana"}, headers={"X-API-Key": made.json["key"]})
    assert refused.status_code == 403


def test_a_key_makes_no_other_one_that_would_outlive_it(api, tenant, world):
    soon = (world.now() + timedelta(hours=1)).isoformat()
    ending = api.post(PATH, {"name": "Migração", "expires_at": soon}, as_=tenant.admin).json["key"]
    before = world.value("select count(*) from api_keys")
    for key in (ending, tenant.admin.key.key):
        refused = api.post(PATH, {"name": "Another", "expires_at": soon}, headers={"X-API-Key": key})
        assert (refused.status_code, refused.json["error"]["code"]) == (403, "forbidden")
        assert "sign in" in refused.json["error"]["message"]
    assert world.value("select count(*) from api_keys") == before


def test_a_key_ends_while_somebody_may_still_remember_it(api, tenant, world):
    for years, status in ((9.9, 201), (10.1, 422)):
        end = (world.now() + timedelta(days=years * 365)).isoformat()
        assert api.post(PATH, {"name": "Website", "expires_at": end}, as_=tenant.admin).status_code == status


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


def test_a_key_may_be_bound_to_parts_of_the_api(api, tenant):
    made = api.post(PATH, {"name": "Relatório", "scopes": ["crm:read", "auth:read"]}, as_=tenant.admin).json
    assert made["scopes"] == ["crm:read", "auth:read"]
    key = {"X-API-Key": made["key"]}
    assert api.get("/api/v1/crm/contacts", headers=key).status_code == 200
    assert api.get("/api/v1/auth/profile", headers=key).status_code == 200
    for method, path in (("GET", "/api/v1/users"), ("POST", "/api/v1/crm/contacts"), ("POST", PATH)):
        refused = api.request(method, path, headers=key, json={} if method == "POST" else None)
        assert refused.status_code == 403
        assert "scopes" in refused.json["error"]["message"]


def test_asking_in_a_body_is_reading_too(api, tenant):
    reader, writer = (
        {"X-API-Key": api.post(PATH, {"name": scope, "scopes": [scope]}, as_=tenant.admin).json["key"]}
        for scope in ("crm:read", "crm:write")
    )
    for things in ("contacts", "messages", "sessions"):
        path = f"/api/v1/crm/{things}/search"
        assert api.post(path, {"query": "ana"}, headers=reader).status_code == 200
        assert api.post(path, {"query": "ana"}, headers=writer).status_code == 403


def test_a_key_may_end_by_itself(api, tenant, world):
    soon = (world.now() + timedelta(hours=1)).isoformat()
    made = api.post(PATH, {"name": "Migração", "expires_at": soon}, as_=tenant.admin)
    assert made.status_code == 201
    key = {"X-API-Key": made.json["key"]}
    assert api.get("/api/v1/auth/profile", headers=key).status_code == 200
    world.advance(3601)
    assert api.get("/api/v1/auth/profile", headers=key).status_code == 401


@pytest.mark.parametrize(
    "bounds",
    [
        {"scopes": []},
        {"scopes": ["auth:write"]},
        {"scopes": "crm:read"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "2999-01-01T00:00:00"},
    ],
)
def test_bounds_that_make_no_sense_are_refused(api, tenant, bounds):
    assert api.post(PATH, {"name": "x", **bounds}, as_=tenant.admin).status_code == 422


def test_every_scope_is_of_some_route_and_keys_cannot_reach_around_them():
    needed = {spec.scope for spec in declared(Endpoint) if spec.allow not in (PUBLIC, SERVICE)}
    assert needed - set(Scope) == {"auth:write", "health:read"}
