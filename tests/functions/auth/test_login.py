from uuid import UUID, uuid4

import pytest

from shared.core.users import sign_in
from tests.support.tenants import PASSWORD

PATH = "/api/v1/auth/login"


def sign_in_as(api, person, **changes):
    return api.post(PATH, {"email": person.email, "password": person.password, **changes})


def share_email(world, *people):
    """Let accounts of several tenants have one e-mail, the first one's."""
    for person in people:
        for statement in (
            "update users set email = :email where id = :id",
            "update logins set email = :email where user_id = :id",
        ):
            world.run(statement, email=people[0].email, id=person.user_id)


def test_the_right_password_gives_a_token(api, tenant):
    answer = sign_in_as(api, tenant.agent)
    assert answer.status_code == 200
    assert answer.json["tenant_id"] == str(tenant.tenant_id)
    assert answer.json["expires_in"] == 3600
    profile = api.get("/api/v1/auth/profile", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
    assert profile.json["user_id"] == str(tenant.agent.user_id)
    assert profile.json["role"] == "agent"


def test_an_email_has_one_spelling(api, tenant):
    assert sign_in_as(api, tenant.agent, email=tenant.agent.email.upper()).status_code == 200


def test_a_wrong_password_and_an_unknown_email_are_told_alike(api, tenant):
    wrong = sign_in_as(api, tenant.admin, password="not this one")
    unknown = sign_in_as(api, tenant.admin, email="nobody@example.com")
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json["error"], "request_id": ""} == {**unknown.json["error"], "request_id": ""}


def test_an_unknown_email_costs_as_much_as_a_known_one(api, tenant, monkeypatch):
    compared = []

    def never_fits(password, password_hash):
        compared.append(password_hash)
        return False

    monkeypatch.setattr(sign_in, "fits", never_fits)
    sign_in_as(api, tenant.admin)
    sign_in_as(api, tenant.admin, email="nobody@example.com")
    assert len(compared) == 2
    assert compared[1] is None


def test_a_person_without_a_password_cannot_sign_in(api, tenant, world):
    world.run("update users set password_hash = null where id = :id", id=tenant.agent.user_id)
    assert sign_in_as(api, tenant.agent).status_code == 401
    assert sign_in_as(api, tenant.agent, password="").status_code == 401


@pytest.mark.parametrize(
    "statement",
    [
        "update users set status = 'suspended' where id = :user_id",
        "update tenants set status = 'suspended' where tenant_id = :tenant_id",
        "delete from memberships where user_id = :user_id",
    ],
)
def test_the_suspended_and_the_removed_stay_outside(api, tenant, world, statement):
    held = sign_in_as(api, tenant.agent).json["access_token"]
    values = {"user_id": tenant.agent.user_id, "tenant_id": tenant.tenant_id}
    world.run(statement, **{name: value for name, value in values.items() if f":{name}" in statement})
    assert sign_in_as(api, tenant.agent).status_code == 401
    assert api.get("/api/v1/auth/profile", headers={"Authorization": f"Bearer {held}"}).status_code == 401
    assert api.get("/api/v1/auth/profile", as_=tenant.agent.key).status_code == 401


def test_a_password_that_fits_in_two_tenants_needs_to_know_which(api, world, tenant, other_tenant):
    share_email(world, tenant.admin, other_tenant.admin)
    asked = sign_in_as(api, tenant.admin)
    assert asked.status_code == 409
    assert asked.json["error"]["code"] == "tenant_required"
    assert asked.json["error"]["details"]["tenants"] == [
        {"id": str(tenant.tenant_id), "name": "Padaria Aurora"},
        {"id": str(other_tenant.tenant_id), "name": "Outra Empresa"},
    ]
    chosen = sign_in_as(api, tenant.admin, tenant_id=str(other_tenant.tenant_id))
    assert chosen.json["user_id"] == str(other_tenant.admin.user_id)


def test_only_the_tenants_it_fits_in_are_named(api, world, tenant, other_tenant):
    share_email(world, tenant.admin, other_tenant.admin)
    world.run("update users set password_hash = null where id = :id", id=other_tenant.admin.user_id)
    answer = sign_in_as(api, tenant.admin)
    assert answer.json["tenant_id"] == str(tenant.tenant_id)


def test_a_password_of_one_tenant_opens_no_other(api, tenant, other_tenant):
    assert sign_in_as(api, tenant.admin, tenant_id=str(other_tenant.tenant_id)).status_code == 401
    assert sign_in_as(api, tenant.admin, tenant_id=str(uuid4())).status_code == 401


def test_squatters_on_an_email_cannot_make_signing_in_slow(api, world, new_tenant, monkeypatch):
    monkeypatch.setattr(sign_in, "MOST_ACCOUNTS", 2)
    tenants = [new_tenant() for _ in range(4)]
    share_email(world, *(each.admin for each in tenants))
    named = sign_in_as(api, tenants[0].admin).json["error"]["details"]["tenants"]
    assert [UUID(each["id"]) for each in named] == [each.tenant_id for each in tenants[:2]]


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"email": "x", "password": PASSWORD}])
def test_what_does_not_fit_is_refused(api, body):
    assert api.post(PATH, body).status_code == 422


def test_only_the_resolver_reads_which_tenants_an_email_has(world, tenant):
    granted = world.rows(
        "select grantee from information_schema.role_table_grants where table_name = 'logins' "
        "and privilege_type = 'SELECT' and grantee like 'ventros%' and grantee <> 'ventros_owner'"
    )
    assert granted == [{"grantee": "ventros_resolver"}]
