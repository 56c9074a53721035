from tests.functions.health.nowhere import nowhere
from tests.support.environment import environment


def test_to_live_takes_nothing(api):
    with environment({"DATABASE_URL": nowhere(), "OBSERVER_DATABASE_URL": nowhere(), "UPSTASH_URL": "http://nowhere"}):
        answer = api.get("/live")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
