import json

import pytest

from infra.fakes.oidc import FakeIssuer
from shared.runtime.identity import tenant_of_outside_user, tenant_scope
from shared.runtime.postgres import connections, sql
from tests.support.environment import environment

PATH = "/api/v1/auth/external-identities"


@pytest.fixture
def keycloak():
    with FakeIssuer() as fake, environment({"TOKEN_ISSUERS": json.dumps([fake.setting()])}):
        yield fake


def test_it_says_what_was_linked(api, tenant, keycloak):
    made = api.post(PATH, {"token": keycloak.token("f3a1")}, as_=tenant.viewer)
    assert made.status_code == 201
    assert made.json["subject"] == "f3a1"
    assert made.json["issuer"] == keycloak.issuer
    assert made.json["user_id"] == str(tenant.viewer.user_id)


def test_an_identity_stands_for_one_person(api, tenant, other_tenant, keycloak):
    token = keycloak.token("f3a1")
    assert api.post(PATH, {"token": token}, as_=tenant.viewer).status_code == 201
    for other in (tenant.viewer, tenant.admin, other_tenant.admin):
        assert api.post(PATH, {"token": token}, as_=other).json["error"]["code"] == "already_linked"


def test_what_proves_nothing_links_nothing(api, tenant, keycloak, world):
    with FakeIssuer() as stranger:
        for token in ("", "x", "é", stranger.token("f3a1"), keycloak.token("f3a1", exp=1)):
            refused = api.post(PATH, {"token": token}, as_=tenant.viewer)
            assert refused.status_code == 422
            assert refused.json["error"]["code"] == "bad_outside_token"
    assert world.value("select count(*) from external_identities") == 0


def test_a_key_opens_no_other_way_in(api, tenant, keycloak):
    assert api.post(PATH, {"token": keycloak.token("f3a1")}, as_=tenant.admin.key).status_code == 403


def test_without_outside_issuers_there_is_nothing_to_link(api, tenant):
    assert api.post(PATH, {"token": "x"}, as_=tenant.viewer).status_code == 422


def test_only_the_resolver_reads_it_for_all_tenants(api, tenant, other_tenant, keycloak, database):

    api.post(PATH, {"token": keycloak.token("f3a1")}, as_=tenant.viewer)
    assert tenant_of_outside_user(keycloak.issuer, "f3a1") == tenant.tenant_id
    count = sql("select count(*) from external_identities")
    seen = connections(database.app_url).run(tenant_scope(other_tenant.tenant_id), count)[1]
    assert seen == [("0",)]
