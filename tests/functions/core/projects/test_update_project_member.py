from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.borders import hidden


def path(tenant, member="{}"):
    return f"/api/v1/projects/{tenant.project_id}/members/{member}"


def member_of(world, person):
    return world.value("select id from memberships where user_id = :id", id=person.user_id)


def test_the_new_role_counts_with_the_next_request(api, tenant, world):
    changed = api.patch(path(tenant, member_of(world, tenant.viewer)), {"role": "agent"}, as_=tenant.admin)
    assert changed.status_code == 200
    assert changed.json["role"] == "agent"
    assert api.get("/api/v1/auth/profile", as_=tenant.viewer).json["role"] == "agent"
    (event,) = world.events("project_member.role_changed")
    assert event["data"] == {"user_id": str(tenant.viewer.user_id), "previous": "viewer", "role": "agent"}


def test_the_last_admin_stays_one(api, tenant, world):
    mine = path(tenant, member_of(world, tenant.admin))
    refused = api.patch(mine, {"role": "agent"}, as_=tenant.admin)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "last_admin")
    assert api.patch(mine, {"role": "admin"}, as_=tenant.admin).status_code == 200
    api.patch(path(tenant, member_of(world, tenant.agent)), {"role": "admin"}, as_=tenant.admin)
    assert api.patch(mine, {"role": "agent"}, as_=tenant.admin).status_code == 200


def test_a_suspended_admin_does_not_count(api, tenant, world):
    api.patch(path(tenant, member_of(world, tenant.agent)), {"role": "admin"}, as_=tenant.admin)
    world.run("update users set status = 'suspended' where id = :id", id=tenant.agent.user_id)
    mine = path(tenant, member_of(world, tenant.admin))
    assert api.patch(mine, {"role": "agent"}, as_=tenant.admin).status_code == 409


def test_two_admins_cannot_demote_each_other_at_once(api, tenant, world):
    api.patch(path(tenant, member_of(world, tenant.agent)), {"role": "admin"}, as_=tenant.admin)
    pairs = [(tenant.admin, member_of(world, tenant.agent)), (tenant.agent, member_of(world, tenant.admin))]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda pair: api.patch(path(tenant, pair[1]), {"role": "viewer"}, as_=pair[0]), pairs))
    assert world.value("select count(*) from memberships where role = 'admin'") == 1


def test_another_tenants_member_looks_like_one_that_never_was(api, tenant, other_tenant, world):
    theirs = member_of(world, other_tenant.agent)
    assert hidden(api, tenant.admin, "PATCH", path(tenant), theirs, json={"role": "viewer"})


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_gives_roles(api, tenant, world, role):
    own = path(tenant, member_of(world, getattr(tenant, role)))
    assert api.patch(own, {"role": "admin"}, as_=getattr(tenant, role)).status_code == 403


@pytest.mark.parametrize("body", [{}, {"role": "owner"}, {"role": None}, {"role": "agent", "user_id": "x"}])
def test_what_does_not_fit_is_refused(api, tenant, world, body):
    assert api.patch(path(tenant, member_of(world, tenant.agent)), body, as_=tenant.admin).status_code == 422
