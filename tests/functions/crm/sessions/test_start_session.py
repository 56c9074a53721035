from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.borders import hidden_in
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions"
GROUP = "120363000000000001@g.us"


@pytest.fixture
def somebody(api, tenant):
    """A contact whom nobody wrote with."""
    return api.post("/api/v1/crm/contacts", {"phone": "+5511911112222"}, as_=tenant.agent).json["id"]


@pytest.fixture
def quiet(api, tenant, spoken):
    """A chat whose session is over."""
    assert api.post(f"{PATH}/{spoken.session_id}/close", as_=tenant.agent).status_code == 200
    return str(spoken.chat_id)


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_session_begins_before_anything_is_said(api, tenant, world, channel, somebody, role):
    person = getattr(tenant, role)
    answer = api.post(PATH, {"contact_id": somebody, "channel_id": str(channel.id)}, as_=person)
    assert answer.status_code == 201
    begun = answer.json
    assert (begun["status"], begun["held_by"], begun["contact_id"]) == ("open", "bot", somebody)
    assert begun["started_at"] == begun["last_message_at"]
    assert (begun["timeout_minutes"], begun["ended_at"], begun["outcome"]) == (1440, None, None)
    assert api.get(f"{PATH}/{begun['id']}", as_=tenant.viewer).json == begun
    (event,) = world.events("session.started")
    assert event["data"] == {
        "session_id": begun["id"],
        "chat_id": begun["chat_id"],
        "contact_id": somebody,
        "channel_id": str(channel.id),
    }
    assert event["actor"] == {"type": "user", "id": str(person.user_id)}


def test_another_begins_in_a_chat_whose_session_is_over(api, tenant, quiet, spoken):
    begun = api.post(PATH, {"chat_id": quiet}, as_=tenant.agent)
    assert begun.status_code == 201
    assert begun.json["chat_id"] == quiet
    assert begun.json["id"] != str(spoken.session_id)


def test_the_one_that_is_open_is_named(api, tenant, world, spoken):
    for body in (
        {"chat_id": str(spoken.chat_id)},
        {"contact_id": str(spoken.contact_id), "channel_id": world.value("select id from channels")},
    ):
        refused = api.post(PATH, body, as_=tenant.agent)
        assert refused.status_code == 409
        assert refused.json["error"]["code"] == "session_open"
        assert refused.json["error"]["details"] == {"session_id": str(spoken.session_id)}
    assert world.value("select count(*) from sessions") == 1


def test_one_that_was_silent_for_too_long_ends(api, tenant, world, channel):
    before = speak(world, channel, timestamp=int(world.now().timestamp()))
    world.advance(25 * 60 * 60)
    begun = api.post(PATH, {"chat_id": str(before.chat_id)}, as_=tenant.agent)
    assert begun.status_code == 201
    over = api.get(f"{PATH}/{before.session_id}", as_=tenant.viewer).json
    assert (over["status"], over["close_reason"]) == ("closed", "timeout")


def test_what_is_said_next_belongs_to_it(api, tenant, world, channel, quiet):
    begun = api.post(PATH, {"chat_id": quiet}, as_=tenant.agent).json
    world.advance(60)
    said = speak(world, channel, "Voltei", timestamp=int(world.now().timestamp()))
    assert str(said.session_id) == begun["id"]


def test_at_the_same_time_only_one_begins(api, tenant, world, quiet):
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: api.post(PATH, {"chat_id": quiet}, as_=tenant.agent), range(6)))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    assert world.value("select count(*) from sessions where status = 'open'") == 1


def test_under_one_key_it_is_done_once(api, tenant, world, quiet):
    key = {"Idempotency-Key": "begun"}
    first = api.post(PATH, {"chat_id": quiet}, as_=tenant.agent, headers=key)
    again = api.post(PATH, {"chat_id": quiet}, as_=tenant.agent, headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert world.value("select count(*) from sessions where status = 'open'") == 1


def test_a_group_has_sessions_too(api, tenant, world, channel):
    said = speak(world, channel, "Bom dia, grupo", group=GROUP)
    api.post(f"{PATH}/{said.session_id}/close", as_=tenant.agent)
    begun = api.post(PATH, {"chat_id": str(said.chat_id)}, as_=tenant.agent)
    assert begun.status_code == 201
    assert begun.json["contact_id"] is None


def test_a_newsletter_has_none(api, tenant, world, spoken):
    world.run("update chats set kind = 'newsletter', contact_id = null")
    refused = api.post(PATH, {"chat_id": str(spoken.chat_id)}, as_=tenant.agent)
    assert refused.status_code == 422
    assert refused.json["error"]["code"] == "no_conversation"


def test_without_a_phone_there_is_no_chat(api, tenant, world, channel):
    known = api.post("/api/v1/crm/contacts", {"email": "bia@example.com"}, as_=tenant.agent).json["id"]
    refused = api.post(PATH, {"contact_id": known, "channel_id": str(channel.id)}, as_=tenant.agent)
    assert refused.status_code == 422
    assert world.value("select count(*) from chats") == 0


def test_a_viewer_begins_nothing(api, tenant, world, quiet):
    assert api.post(PATH, {"chat_id": quiet}, as_=tenant.viewer).status_code == 403
    assert world.value("select count(*) from sessions") == 1


def test_a_stranger_begins_nothing(api, quiet):
    assert api.post(PATH, {"chat_id": quiet}).status_code == 401


def test_what_is_another_tenants_looks_like_what_never_was(api, tenant, world, channel, somebody, theirs):
    with_somebody = {"contact_id": somebody, "channel_id": str(channel.id)}
    their_channel = world.value("select channel_id from chats where id = :id", id=theirs.chat_id)
    assert hidden_in(api, tenant.admin, "POST", PATH, {}, "chat_id", theirs.chat_id)
    assert hidden_in(api, tenant.admin, "POST", PATH, with_somebody, "contact_id", theirs.contact_id)
    assert hidden_in(api, tenant.admin, "POST", PATH, with_somebody, "channel_id", their_channel)
    assert world.value("select count(*) from sessions") == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"chat_id": "x"},
        {"chat_id": None},
        {"contact_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb"},
        {"channel_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb"},
        {"chat_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb", "contact_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb"},
        {"chat_id": "01957f3e-8a10-7b0f-93f6-b9caffe910cb", "held_by": "human"},
        [],
    ],
)
def test_what_does_not_fit_is_refused(api, tenant, world, body):
    assert api.post(PATH, body, as_=tenant.agent).status_code == 422
    assert world.value("select count(*) from sessions") == 0
