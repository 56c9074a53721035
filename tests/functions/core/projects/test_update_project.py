from uuid import uuid4

import pytest


def path(id):
    return f"/api/v1/projects/{id}"


def test_what_is_given_changes_and_the_rest_stays(api, tenant, world):
    body = {"timezone": "America/Manaus", "session_timeout_minutes": 60}
    answer = api.patch(path(tenant.project_id), body, as_=tenant.admin)
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["timezone"]) == ("Default", "America/Manaus")
    assert answer.json["session_timeout_minutes"] == 60
    assert answer.json["version"] == 2
    assert api.get(path(tenant.project_id), as_=tenant.viewer).json == answer.json
    (event,) = world.events("project.updated")
    assert event["data"] == {"changed": ["session_timeout_minutes", "timezone"]}
    assert event["project_id"] == event["aggregate_id"] == str(tenant.project_id)
    assert event["aggregate_version"] == 2


@pytest.mark.parametrize("body", [{}, {"name": "Default"}])
def test_a_change_to_the_same_is_none(api, tenant, world, body):
    answer = api.patch(path(tenant.project_id), body, as_=tenant.admin)
    assert answer.status_code == 200
    assert answer.json["version"] == 1
    assert world.events() == []


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_changes_it(api, tenant, role):
    assert api.patch(path(tenant.project_id), {"name": "Mine"}, as_=getattr(tenant, role)).status_code == 403


def test_a_demoted_admin_is_none_at_once(api, tenant, world):
    token = tenant.admin.headers
    world.run("update memberships set role = 'agent' where user_id = :id", id=tenant.admin.user_id)
    assert api.patch(path(tenant.project_id), {"name": "Mine"}, headers=token).status_code == 403


def test_another_tenants_project_looks_like_one_that_never_was(api, tenant, other_tenant, world):
    request_id = {"X-Request-Id": "same"}
    theirs = api.patch(path(other_tenant.project_id), {"name": "Mine"}, as_=tenant.admin, headers=request_id)
    nobodys = api.patch(path(uuid4()), {"name": "Mine"}, as_=tenant.admin, headers=request_id)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data
    assert world.value("select count(*) from projects where name = 'Mine'") == 0


def test_a_project_one_is_no_member_of_is_not_there(api, tenant, world):
    beside = uuid4()
    world.run(
        "insert into projects (id, tenant_id, version, name) values (:id, :tenant_id, 1, 'Other')",
        id=beside,
        tenant_id=tenant.tenant_id,
    )
    assert api.patch(path(beside), {"name": "Mine"}, as_=tenant.admin).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": None},
        {"timezone": "Brasilia"},
        {"timezone": "America/sao_paulo"},
        {"session_timeout_minutes": 0},
        {"session_timeout_minutes": 43201},
        {"session_timeout_minutes": "60"},
        {"session_timeout_minutes": 1.0},
        {"tenant_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
def test_what_does_not_fit_changes_nothing(api, tenant, world, body):
    assert api.patch(path(tenant.project_id), body, as_=tenant.admin).status_code == 422
    assert world.value("select version from projects") == 1
