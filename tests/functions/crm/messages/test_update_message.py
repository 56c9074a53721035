from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functions.crm.messages.asking import answer, patch, post, spoken_shop
from tests.support.borders import hidden
from tests.support.shop import open_shop

PATH = "/api/v1/crm/messages/{}"


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_what_waits_to_be_sent_can_say_something_else(api, tenant, world, answered, role):
    message = answered()
    changed = api.patch(PATH.format(message), {"text": "Boa tarde!"}, as_=getattr(tenant, role))
    assert (changed.status_code, changed.json["text"], changed.json["status"]) == (200, "Boa tarde!", "queued")
    assert api.get(PATH.format(message), as_=tenant.viewer).json == changed.json
    (edited,) = world.events("message.edited")
    assert edited["data"]["by"] == str(getattr(tenant, role).user_id)
    assert "tarde" not in str(world.events())


def test_what_is_sent_is_what_it_says_by_then(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        shop.hears("Oi")
        shop.settles()
        message = shop.says("Bom dia!")
        assert api.patch(PATH.format(message), {"text": "Boa tarde!"}, as_=tenant.agent).status_code == 200
        shop.settles()
        assert shop.sent[1:] == ["Boa tarde!"]
        assert api.patch(PATH.format(message), {"text": "Boa noite!"}, as_=tenant.agent).json["text"] == "Boa tarde!"
        shop.settles()
        assert shop.sent[1:] == ["Boa tarde!"]
        assert [(act.type, act.value) for act in shop.waha.acts] == [("edit", "Boa noite!")]


@pytest.mark.parametrize("status", ["sending", "failed", "cancelled", "unknown"])
def test_what_neither_waits_nor_was_sent_keeps_its_text(api, tenant, answered, status):
    message = answered(status)
    refused = api.patch(PATH.format(message), {"text": "Boa tarde!"}, as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_waiting")
    assert api.get(PATH.format(message), as_=tenant.agent).json["text"] == "Bom dia!"


def test_what_a_customer_wrote_keeps_its_text(api, tenant, spoken):
    assert api.patch(PATH.format(spoken.message_id), {"text": "x"}, as_=tenant.agent).status_code == 409


def test_notes_are_added_changed_and_taken_away(api, tenant, world, spoken):
    path = PATH.format(spoken.message_id)

    def note(**notes):
        return api.patch(path, {"metadata": notes}, as_=tenant.agent).json["metadata"]

    assert note(ticket="A-17", urgent=True) == {"ticket": "A-17", "urgent": True}
    assert note(ticket="A-18", score=-3) == {"ticket": "A-18", "urgent": True, "score": -3}
    assert note(urgent=None, never=None) == {"ticket": "A-18", "score": -3}
    assert api.get(path, as_=tenant.viewer).json["metadata"] == {"ticket": "A-18", "score": -3}
    assert world.events("message.edited") == []


@pytest.mark.parametrize("body", [{}, {"metadata": {}}, {"text": "Bom dia!"}])
def test_the_same_again_changes_nothing(api, tenant, world, answered, body):
    message = answered()
    before = api.get(PATH.format(message), as_=tenant.agent).json
    assert api.patch(PATH.format(message), body, as_=tenant.agent).json == before
    assert world.events("message.edited") == []


def test_notes_have_an_end(api, tenant, spoken):
    path = PATH.format(spoken.message_id)
    assert api.patch(path, {"metadata": {f"n{n}": n for n in range(50)}}, as_=tenant.agent).status_code == 200
    refused = api.patch(path, {"metadata": {"one_more": 1}}, as_=tenant.agent)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "invalid")
    assert api.patch(path, {"metadata": {"n1": None, "one_more": 1}}, as_=tenant.agent).status_code == 200


def test_two_at_once_both_count(api, tenant, spoken):
    path = PATH.format(spoken.message_id)
    with ThreadPoolExecutor(6) as threads:
        bodies = [{"metadata": {f"n{number}": number}} for number in range(12)]
        answers = list(threads.map(lambda body: api.patch(path, body, as_=tenant.agent).status_code, bodies))
    assert answers == [200] * 12
    assert api.get(path, as_=tenant.agent).json["metadata"] == {f"n{number}": number for number in range(12)}


def test_what_was_seen_must_still_be_so(api, tenant, spoken):
    path = PATH.format(spoken.message_id)
    seen = api.get(path, as_=tenant.agent).headers["ETag"]
    note = {"metadata": {"ticket": "A-17"}}
    assert api.patch(path, note, as_=tenant.agent, headers={"If-Match": seen}).status_code == 200
    assert api.patch(path, note, as_=tenant.agent, headers={"If-Match": seen}).status_code == 412


@pytest.mark.parametrize(
    "body",
    [
        {"text": ""},
        {"text": " \n"},
        {"text": None},
        {"text": "x" * 65_537},
        {"metadata": None},
        {"metadata": []},
        {"metadata": {"": 1}},
        {"metadata": {"x" * 65: 1}},
        {"metadata": {"x": "x" * 501}},
        {"metadata": {"x": 1.5}},
        {"metadata": {"x": 2**60}},
        {"metadata": {"x": {"y": 1}}},
        {"metadata": {"x": [1]}},
        {"metadata": {f"n{n}": n for n in range(51)}},
        {"status": "read"},
    ],
)
def test_what_does_not_fit_is_refused(api, tenant, answered, body):
    assert api.patch(PATH.format(answered()), body, as_=tenant.agent).status_code == 422


def test_a_deleted_one_is_not_there(api, tenant, spoken):
    api.delete(PATH.format(spoken.message_id), as_=tenant.admin)
    assert hidden(api, tenant.admin, "PATCH", PATH, spoken.message_id, json={"metadata": {"x": 1}})


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "PATCH", PATH, theirs.message_id, json={"metadata": {"x": 1}})


def test_who_may_not(api, tenant, spoken):
    path = PATH.format(spoken.message_id)
    assert api.patch(path, {"metadata": {"x": 1}}, as_=tenant.viewer).status_code == 403
    assert api.patch(path, {"metadata": {"x": 1}}).status_code == 401


@pytest.fixture
def shop(world, api, tenant):
    with spoken_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def test_a_text_is_changed_within_a_quarter_of_an_hour(shop):
    sent = answer(shop)
    shop.world.advance(15 * 60 + 5)
    assert patch(shop, sent, text="x").json["error"]["code"] == "too_late"


def queued(shop, **body):
    """The id of a message that is still in the queue."""
    body = {"chat_id": shop.world.value("select id from chats"), **body}
    return shop.api.post("/api/v1/crm/messages", body, as_=shop.tenant.agent).json["id"]


def test_what_waits_below_a_file_can_be_said_otherwise_and_briefly(shop):
    message_id = queued(shop, type="image", url="https://example.com/menu.png", caption="O cardápio")
    assert patch(shop, message_id, text="O cardápio de hoje").json["text"] == "O cardápio de hoje"
    assert patch(shop, message_id, text="x" * 4097).json["error"]["code"] == "too_long"


def test_what_waits_and_has_no_words_of_its_own_gets_none(shop):
    question = queued(shop, type="poll", question="Quando?", options=["hoje", "amanhã"])
    assert patch(shop, question, text="x").json["error"]["code"] == "not_a_text"
    sent = answer(shop)
    forwarded = post(shop, sent, "forward", {"chat_id": shop.world.value("select id from chats")}).json["id"]
    assert patch(shop, forwarded, text="x").json["error"]["code"] == "not_a_text"


def test_only_a_text_says_something_else(shop):
    body = {"chat_id": shop.world.value("select id from chats"), "type": "location", "latitude": 1, "longitude": 2}
    message_id = shop.api.post("/api/v1/crm/messages", body, as_=shop.tenant.agent).json["id"]
    shop.world.drain()
    assert patch(shop, message_id, text="x").json["error"]["code"] == "not_a_text"
