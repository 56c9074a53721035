from infra.local.postgres import free_port
from tests.support.environment import environment


def test_it_is_well_and_says_which_schema_it_serves(api, world):
    answer = api.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "schema": world.value("select version_num from schema_version")}


def test_without_its_database_it_is_not(api):
    with environment({"DATABASE_URL": f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"}):
        answer = api.get("/health")
    assert answer.status_code == 503
    assert answer.json["error"]["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "1"
