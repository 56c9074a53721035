from uuid import uuid4

import pytest


def path(id):
    return f"/api/v1/projects/{id}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_the_project(api, tenant, role):
    answer = api.get(path(tenant.project_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert {name: answer.json[name] for name in ("id", "name", "timezone", "session_timeout_minutes", "version")} == {
        "id": str(tenant.project_id),
        "name": "Default",
        "timezone": "America/Sao_Paulo",
        "session_timeout_minutes": 1440,
        "version": 1,
    }


def test_another_tenants_project_looks_like_one_that_never_was(api, tenant, other_tenant):
    request_id = {"X-Request-Id": "same"}
    theirs = api.get(path(other_tenant.project_id), as_=tenant.admin, headers=request_id)
    nobodys = api.get(path(uuid4()), as_=tenant.admin, headers=request_id)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data


def test_a_project_one_is_no_member_of_is_not_there(api, tenant, world):
    beside = uuid4()
    world.run(
        "insert into projects (id, tenant_id, version, name) values (:id, :tenant_id, 1, 'Other')",
        id=beside,
        tenant_id=tenant.tenant_id,
    )
    assert api.get(path(beside), as_=tenant.admin).status_code == 404


@pytest.mark.parametrize("id", ["default", "1", "{}", "00000000000000000000000000000000"])
def test_what_is_no_id_names_nothing(api, tenant, id):
    assert api.get(path(id), as_=tenant.viewer).status_code == 404


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(path(tenant.project_id)).status_code == 401
