from tests.functions.health.nowhere import nowhere
from tests.support.environment import environment


def test_an_admin_looks_at_one_of_them(api, tenant):
    for name in ("database", "migrations", "redis", "queue"):
        answer = api.get(f"/health/{name}", as_=tenant.admin)
        assert (answer.status_code, answer.json["name"]) == (200, name)
    with environment({"OBSERVER_DATABASE_URL": nowhere()}):
        answer = api.get("/health/queue", as_=tenant.admin)
    assert (answer.status_code, answer.json["state"]) == (200, "failed")
    missing = api.get("/health/workflows", as_=tenant.admin)
    assert (missing.status_code, missing.json["error"]["code"]) == (404, "not_found")
    assert api.get("/health/database", as_=tenant.agent).status_code == 403
    assert api.get("/health/database").status_code == 401
