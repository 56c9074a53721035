from uuid import uuid4

import pytest


def path(id, query=""):
    return f"/api/v1/projects/{id}/members{query}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_who_is_there(api, tenant, other_tenant, role):
    answer = api.get(path(tenant.project_id, "?sort=name:asc"), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert [(each["name"], each["role"], each["email"]) for each in answer.json["data"]] == [
        ("Admin", "admin", tenant.admin.email),
        ("Agent", "agent", tenant.agent.email),
        ("Viewer", "viewer", tenant.viewer.email),
    ]
    assert "password" not in answer.text


def test_a_role_can_be_asked_for(api, tenant):
    answer = api.get(path(tenant.project_id, "?filter[role]=agent"), as_=tenant.viewer)
    assert [each["user_id"] for each in answer.json["data"]] == [str(tenant.agent.user_id)]


def test_pages_follow_each_other(api, tenant):
    first = api.get(path(tenant.project_id, "?limit=2&sort=email:asc"), as_=tenant.viewer).json
    cursor = first["paging"]["next"]
    rest = api.get(path(tenant.project_id, f"?limit=2&sort=email:asc&cursor={cursor}"), as_=tenant.viewer).json
    emails = [each["email"] for each in first["data"] + rest["data"]]
    assert emails == sorted(person.email for person in tenant.people)
    assert rest["paging"]["next"] is None


def test_another_tenants_project_looks_like_one_that_never_was(api, tenant, other_tenant):
    request_id = {"X-Request-Id": "same"}
    theirs = api.get(path(other_tenant.project_id), as_=tenant.admin, headers=request_id)
    nobodys = api.get(path(uuid4()), as_=tenant.admin, headers=request_id)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.data == nobodys.data


@pytest.mark.parametrize(
    "query", ["?limit=101", "?limit=0", "?sort=password", "?filter[name]=x", "?cursor=x", "?page=x"]
)
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(path(tenant.project_id, query), as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(path(tenant.project_id)).status_code == 401
