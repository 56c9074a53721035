import pytest

PATH = "/api/v1/auth/profile"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_it_says_who_asks_and_what_they_may(api, tenant, role):
    person = getattr(tenant, role)
    answer = api.get(PATH, as_=person)
    assert answer.status_code == 200
    assert answer.json == {
        "user_id": str(person.user_id),
        "email": person.email,
        "name": role.title(),
        "role": role,
        "tenant_id": str(tenant.tenant_id),
        "tenant_name": "Padaria Aurora",
        "project_id": str(tenant.project_id),
        "project_name": "Default",
        "timezone": "America/Sao_Paulo",
    }


def test_a_key_says_the_same(api, tenant):
    assert api.get(PATH, as_=tenant.agent.key).json == api.get(PATH, as_=tenant.agent).json


def test_a_demoted_person_has_the_new_role_at_once(api, tenant, world):
    token = tenant.admin.headers
    world.run("update memberships set role = 'viewer' where user_id = :id", id=tenant.admin.user_id)
    assert api.get(PATH, headers=token).json["role"] == "viewer"
    assert api.get(PATH, as_=tenant.admin.key).json["role"] == "viewer"


def test_a_key_never_allows_more_than_it_was_made_for(api, tenant, world):
    world.run("update api_keys set role = 'viewer' where user_id = :id", id=tenant.admin.user_id)
    assert api.get(PATH, as_=tenant.admin.key).json["role"] == "viewer"
    assert api.get(PATH, as_=tenant.admin).json["role"] == "admin"


def test_a_stranger_is_told_to_sign_in(api, tenant):
    answer = api.get(PATH)
    assert answer.status_code == 401
    assert answer.json["error"]["code"] == "unauthenticated"


def test_it_takes_no_parameters(api, tenant):
    assert api.get(f"{PATH}?user_id={tenant.agent.user_id}", as_=tenant.viewer).json["user_id"] == str(
        tenant.viewer.user_id
    )
