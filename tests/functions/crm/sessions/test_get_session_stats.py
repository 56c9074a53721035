import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import let_the_bot_reply, speak

PATH = "/api/v1/crm/sessions/stats"
PEOPLE = [Party(phone=f"551190000000{number}", lid=f"10000000000001{number}", name="Bia") for number in range(3)]


def stats(api, tenant, query=""):
    answer = api.get(PATH + query, as_=tenant.viewer)
    assert answer.status_code == 200, answer.text
    return answer.json


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_how_it_goes_here_and_nowhere_else(api, tenant, world, channel, theirs, role):
    for customer in PEOPLE:
        said = speak(world, channel, customer=customer)
    api.post(f"/api/v1/crm/sessions/{said.session_id}/bot", {"paused": True}, as_=tenant.agent)
    answer = api.get(PATH, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert answer.json == {
        "days": 7,
        "open": 3,
        "waiting": 3,
        "held_by_bot": 2,
        "held_by_human": 1,
        "closed": 0,
        "resolved": 0,
        "average_response_seconds": None,
        "average_duration_seconds": None,
    }


def test_without_sessions_there_is_nothing_to_count(api, tenant):
    found = stats(api, tenant)
    assert {value for name, value in found.items() if name != "days"} == {0, None}


def test_whoever_was_answered_waits_no_more_unless_the_answer_is_withdrawn(api, tenant, world, spoken):
    let_the_bot_reply(world)
    assert stats(api, tenant)["waiting"] == 0
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/assign", {}, as_=tenant.agent)
    assert stats(api, tenant)["waiting"] == 1


def test_how_quickly_and_how_long(api, tenant, world, channel):
    for customer, seconds in zip(PEOPLE, (10, 20, 600), strict=True):
        now = int(world.now().timestamp())
        said = speak(world, channel, customer=customer, timestamp=now)
        world.run("update messages set sent_at = to_timestamp(:at::float8) where id = :id", at=now, id=said.message_id)
        world.advance(seconds)
        body = {"chat_id": str(said.chat_id), "text": "Já vou ver"}
        answer = api.post("/api/v1/crm/messages", body, as_=tenant.agent).json
        world.run(
            "update messages set sent_at = to_timestamp(:at::float8) where id = :id", at=now + seconds, id=answer["id"]
        )
        world.run(
            "update sessions set started_at = to_timestamp(:at::float8), version = version + 1,"
            " last_message_at = to_timestamp(:then::float8) where id = :id",
            at=now,
            then=now + seconds,
            id=said.session_id,
        )
        if seconds < 600:
            api.post(f"/api/v1/crm/sessions/{said.session_id}/close", {"outcome": "resolved"}, as_=tenant.agent)
    found = stats(api, tenant)
    assert (found["open"], found["waiting"], found["closed"], found["resolved"]) == (1, 0, 2, 2)
    assert found["average_response_seconds"] == 210
    assert found["average_duration_seconds"] == 15


@pytest.mark.parametrize(("query", "closed"), [("", 0), ("?days=7", 0), ("?days=8", 1), ("?days=90", 1)])
def test_what_was_closed_long_ago_counts_when_it_is_asked_for(api, tenant, world, spoken, query, closed):
    api.post(f"/api/v1/crm/sessions/{spoken.session_id}/close", as_=tenant.agent)
    world.advance(7.5 * 24 * 60 * 60)
    found = stats(api, tenant, query)
    assert (found["closed"], found["open"], found["resolved"]) == (closed, 0, 0)


@pytest.mark.parametrize(
    "query", ["days=0", "days=91", "days=x", "days=07", "limit=5", "filter[status]=open", "days=1&days=2"]
)
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.viewer).status_code == 400


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401
