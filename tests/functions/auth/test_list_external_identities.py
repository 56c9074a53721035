import json

import pytest

from infra.fakes.oidc import FakeIssuer
from tests.support.environment import environment

PATH = "/api/v1/auth/external-identities"


@pytest.fixture
def keycloak():
    with FakeIssuer() as fake, environment({"TOKEN_ISSUERS": json.dumps([fake.setting()])}):
        yield fake


def test_it_lists_ones_own_and_nobody_elses(api, tenant, other_tenant, keycloak):
    people = {"ana": tenant.viewer, "bia": tenant.admin, "caio": other_tenant.admin}
    linked = {name: api.post(PATH, {"token": keycloak.token(name)}, as_=person) for name, person in people.items()}
    for name, person in people.items():
        assert api.get(PATH, as_=person).json["data"] == [linked[name].json]
    assert api.get(PATH, as_=tenant.agent).json["data"] == []


def test_a_key_sees_its_persons(api, tenant, keycloak):
    linked = api.post(PATH, {"token": keycloak.token("ana")}, as_=tenant.viewer).json
    assert api.get(PATH, as_=tenant.viewer.key).json["data"] == [linked]


def test_a_stranger_sees_none(api, tenant):
    assert api.get(PATH).status_code == 401
