from tests.support.borders import hidden

PATH = "/api/v1/auth/sessions/{}"


def test_a_session_elsewhere_is_ended(api, tenant):
    person = tenant.viewer
    login = api.post("/api/v1/auth/login", {"email": person.email, "password": person.password}).json
    assert api.delete(PATH.format(login["session_id"]), as_=person).status_code == 204
    bearer = {"Authorization": f"Bearer {login['access_token']}"}
    assert api.get("/api/v1/auth/profile", headers=bearer).status_code == 401
    assert api.get("/api/v1/auth/profile", as_=person).status_code == 200


def test_nobody_elses(api, tenant, other_tenant):
    for other in (tenant.agent, other_tenant.admin):
        assert hidden(api, tenant.admin, "DELETE", PATH, other.session_id)
        assert api.get("/api/v1/auth/profile", as_=other).status_code == 200


def test_a_stranger_ends_nothing(api, tenant):
    assert api.delete(PATH.format(tenant.agent.session_id)).status_code == 401
