import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.oidc import FakeIssuer
from tests.support.borders import hidden
from tests.support.environment import environment

PATH = "/api/v1/auth/external-identities"
ONE = f"{PATH}/{{}}"
PROFILE = "/api/v1/auth/profile"


@pytest.fixture
def keycloak():
    with FakeIssuer() as fake, environment({"TOKEN_ISSUERS": json.dumps([fake.setting()])}):
        yield fake


@pytest.fixture
def linked(api, tenant, keycloak):
    made = api.post(PATH, {"token": keycloak.token("ana")}, as_=tenant.viewer)
    assert made.status_code == 201
    return made.json["id"]


def as_outsider(keycloak):
    return {"Authorization": f"Bearer {keycloak.token('ana')}"}


def test_its_tokens_are_dead_with_the_next_request(api, tenant, keycloak, linked):
    assert api.get(PROFILE, headers=as_outsider(keycloak)).status_code == 200
    assert api.delete(ONE.format(linked), as_=tenant.viewer).status_code == 204
    assert api.get(PROFILE, headers=as_outsider(keycloak)).status_code == 401
    assert api.get(PATH, as_=tenant.viewer).json["data"] == []


def test_it_may_stand_for_somebody_else_then(api, tenant, other_tenant, keycloak, linked):
    assert api.delete(ONE.format(linked), as_=tenant.viewer).status_code == 204
    again = api.post(PATH, {"token": keycloak.token("ana")}, as_=other_tenant.agent)
    assert (again.status_code, again.json["user_id"]) == (201, str(other_tenant.agent.user_id))


def test_nobody_elses(api, tenant, other_tenant, keycloak, linked):
    for other in (tenant.admin, other_tenant.admin):
        assert hidden(api, other, "DELETE", ONE, linked)
    assert api.get(PROFILE, headers=as_outsider(keycloak)).status_code == 200


def test_neither_a_key_nor_the_outside_token_itself_shuts_a_way_in(api, tenant, keycloak, linked):
    for headers in (tenant.viewer.key.headers, as_outsider(keycloak)):
        assert api.delete(ONE.format(linked), headers=headers).status_code == 403
    assert api.get(PROFILE, headers=as_outsider(keycloak)).status_code == 200


def test_twice_at_once_is_once(api, tenant, keycloak, linked):
    with ThreadPoolExecutor(3) as threads:
        answers = threads.map(lambda _: api.delete(ONE.format(linked), as_=tenant.viewer).status_code, range(3))
        assert sorted(answers) == [204, 404, 404]


def test_a_stranger_takes_none_away(api, tenant, linked):
    assert api.delete(ONE.format(linked)).status_code == 401
