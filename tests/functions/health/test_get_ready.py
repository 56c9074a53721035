from tests.functions.health.nowhere import nowhere, states
from tests.support.environment import environment


def test_ready_is_who_has_what_nothing_works_without(api, database):
    with environment({"OBSERVER_DATABASE_URL": nowhere()}):
        answer = api.get("/ready")
    assert (answer.status_code, states(answer)) == (200, {"database": "ok", "migrations": "ok"})
    with environment({"DATABASE_URL": nowhere()}):
        assert api.get("/ready").status_code == 503
