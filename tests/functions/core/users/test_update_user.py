import pytest

from tests.support.borders import hidden

PATH = "/api/v1/users/{}"
PROFILE = "/api/v1/auth/profile"


def test_the_suspended_are_out_with_the_next_request(api, tenant, world):
    suspended = api.patch(PATH.format(tenant.agent.user_id), {"status": "suspended"}, as_=tenant.admin)
    assert suspended.status_code == 200
    assert suspended.json["status"] == "suspended"
    for caller in (tenant.agent, tenant.agent.key):
        assert api.get(PROFILE, as_=caller).status_code == 401
    (event,) = world.events("user.deactivated")
    assert event["data"] == {"user_id": str(tenant.agent.user_id)}


def test_the_readmitted_sign_in_again(api, tenant):
    for status in ("suspended", "active"):
        api.patch(PATH.format(tenant.agent.user_id), {"status": status}, as_=tenant.admin)
    assert api.get(PROFILE, as_=tenant.agent).status_code == 401
    assert api.get(PROFILE, as_=tenant.agent.key).status_code == 200
    login = {"email": tenant.agent.email, "password": tenant.agent.password}
    assert api.post("/api/v1/auth/login", login).status_code == 200


def test_the_last_admin_cannot_be_suspended(api, tenant):
    refused = api.patch(PATH.format(tenant.admin.user_id), {"status": "suspended"}, as_=tenant.admin)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "last_admin")
    assert api.get(PROFILE, as_=tenant.admin).status_code == 200


def test_a_name_is_changed_alone(api, tenant):
    changed = api.patch(PATH.format(tenant.viewer.user_id), {"name": "Vera"}, as_=tenant.admin)
    assert (changed.json["name"], changed.json["status"]) == ("Vera", "active")


def test_another_tenants_person_looks_like_one_that_never_was(api, tenant, other_tenant):
    assert hidden(api, tenant.admin, "PATCH", PATH, other_tenant.agent.user_id, json={"status": "suspended"})


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_suspends(api, tenant, role):
    body = {"status": "suspended"}
    assert api.patch(PATH.format(tenant.admin.user_id), body, as_=getattr(tenant, role)).status_code == 403


@pytest.mark.parametrize("body", [{"status": "gone"}, {"status": None}, {"name": ""}, {"email": "a@example.com"}])
def test_what_does_not_fit_is_refused(api, tenant, body):
    assert api.patch(PATH.format(tenant.agent.user_id), body, as_=tenant.admin).status_code == 422
