import pytest

from infra.local.postgres import free_port
from infra.origins import change
from shared.runtime.declarations import declaration_of
from tests.support.api import call
from tests.support.environment import environment
from tests.support.functions import all_functions

PAGE = "https://app.example.com"
FUNCTION = next(each for each in all_functions() if each.__name__ == "answer_preflight")


def ask(origin=PAGE):
    return call(declaration_of(FUNCTION), "OPTIONS", "/api/v1/crm/contacts", headers={"Origin": origin})


@pytest.fixture
def listed(database, tenant):
    change(database.owner_url, tenant.tenant_id, PAGE)


def test_a_page_whose_origin_a_tenant_lists_may_go_on(api, listed):
    answer = ask()
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE
    assert {"PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    assert {"Authorization", "Idempotency-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "https://app.example.com.evil.com", "null", "", "https://a b.com"]
)
def test_every_other_page_is_told_nothing(api, listed, origin):
    answer = ask(origin)
    assert answer.status_code == 204
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_without_the_database_it_says_to_come_back(api):
    with environment({"RESOLVER_DATABASE_URL": f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"}):
        answer = ask()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


def test_answers_to_a_page_can_be_read_by_it(api, tenant):
    answer = api.get("/api/v1/crm/contacts", as_=tenant.admin, headers={"Origin": PAGE})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]


def test_whoever_is_no_page_is_told_nothing_of_it(api, tenant):
    answer = api.get("/api/v1/crm/contacts", as_=tenant.admin)
    assert "Access-Control-Allow-Origin" not in answer.headers
