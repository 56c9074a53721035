"""What is done to a message that was sent: its text is changed, it is taken back, it gets an emoji."""

from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import pytest

from infra.fakes.waha_state import Fault
from shared.crm.message_actions import performing
from shared.providers.waha import client
from tests.support.calls import again
from tests.support.shop import SESSION, open_shop

PATH = "/api/v1/crm/messages"
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]


@pytest.fixture(params=["NOWEB"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        shop.hears("Oi")
        yield shop


@pytest.fixture
def answered(shop):
    """An answer that WhatsApp has."""
    message_id = shop.says("Bom dia!")
    shop.world.drain()
    return str(message_id)


def patch(shop, message_id, **changes):
    return shop.api.patch(f"{PATH}/{message_id}", changes, as_=shop.tenant.agent)


def post(shop, message_id, verb, body=None):
    return shop.api.post(f"{PATH}/{message_id}/{verb}", body, as_=shop.tenant.agent)


def shown(shop, message_id):
    return shop.api.get(f"{PATH}/{message_id}", as_=shop.tenant.viewer).json


def acts(shop, *types):
    return [(each.type, each.value) for each in shop.waha.acts if not types or each.type in types]


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_a_text_that_was_sent_is_changed_on_whatsapp_first(shop, answered):
    told = patch(shop, answered, text="Boa tarde!").json
    assert (told["text"], [(each["kind"], each["value"]) for each in told["pending"]]) == (
        "Bom dia!",
        [("edit", "Boa tarde!")],
    )
    shop.world.drain()
    message = shown(shop, answered)
    assert (message["text"], message["pending"]) == ("Boa tarde!", [])
    assert [each["text"] for each in message["revisions"]] == ["Bom dia!"]
    assert acts(shop) == [("edit", "Boa tarde!")]
    (edited,) = shop.world.events("message.edited")
    assert edited["data"]["by"] == str(shop.tenant.agent.user_id)
    assert shop.waha.refused == []


def test_of_changes_in_a_row_the_last_is_what_it_says(shop, answered):
    for text in ("um", "dois", "três"):
        patch(shop, answered, text=text)
    shop.world.drain()
    assert shown(shop, answered)["text"] == "três"
    assert acts(shop)[-1] == ("edit", "três")
    statuses = [row["status"] for row in shop.world.rows("select status from message_actions order by requested_at")]
    assert statuses == ["superseded", "superseded", "done"]


def test_an_action_that_is_done_twice_at_once_is_done_in_a_row_and_counts_once(shop, answered):
    patch(shop, answered, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(again, [task] * 8))
    assert set(statuses) <= {204, 503}
    assert again(task) == 204
    assert len(shop.world.events("message.edited")) == 1
    assert len(shop.waha.acts) == 1


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("kind", ["error_500", "drop"])
def test_a_lost_answer_is_asked_again(shop, answered, kind, sent):
    shop.waha.set_fault(SESSION, Fault(kind=kind, sent=sent))
    patch(shop, answered, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 503
    assert (shown(shop, answered)["text"], shown(shop, answered)["pending"][0]["status"]) == ("Bom dia!", "queued")
    assert again(task) == 204
    assert (shown(shop, answered)["text"], shown(shop, answered)["pending"]) == ("Boa tarde!", [])


def test_a_server_that_stays_away_is_given_up_after_ten_minutes(shop, answered):
    patch(shop, answered, text="Boa tarde!")
    shop.world.run("update channels set base_url = 'http://127.0.0.1:1'")
    (task,) = shop.world.tasks("perform_message_action")
    assert again(task) == 503
    shop.world.advance(601)
    assert again(task) == 204
    (pending,) = shown(shop, answered)["pending"]
    assert (pending["status"], pending["failure_code"]) == ("failed", "unreachable")
    assert patch(shop, answered, text="Boa noite!").status_code == 200
    assert [each["value"] for each in shown(shop, answered)["pending"]] == ["Boa noite!"]


def test_a_refusal_is_told_with_its_reason_and_the_text_stays(shop, answered):
    shop.waha.set_fault(SESSION, Fault(kind="error_429"))
    patch(shop, answered, text="Boa tarde!")
    shop.world.drain()
    message = shown(shop, answered)
    assert (message["text"], message["pending"][0]["failure_code"]) == ("Bom dia!", "rate_limited")


def test_whoever_died_between_claim_and_answer_leaves_it_to_the_next(shop, answered):
    class Killed(BaseException):
        pass

    def die(errand):
        raise Killed

    patch(shop, answered, text="Boa tarde!")
    (task,) = shop.world.tasks("perform_message_action")
    with mock.patch.object(performing, "_call", die), pytest.raises(Killed):
        again(task)
    assert again(task) == 503
    shop.world.advance(61)
    assert again(task) == 204
    assert shown(shop, answered)["text"] == "Boa tarde!"


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_a_message_is_taken_back_for_everybody(shop, answered):
    told = post(shop, answered, "recall")
    assert (told.status_code, told.json["revoked_at"]) == (202, None)
    shop.world.drain()
    message = shown(shop, answered)
    assert message["revoked_at"]
    assert (message["text"], message["pending"]) == ("Bom dia!", [])
    assert acts(shop) == [("recall", None)]
    (recalled,) = shop.world.events("message.recalled")
    assert recalled["data"]["by"] == str(shop.tenant.agent.user_id)
    again_ = post(shop, answered, "recall")
    assert (again_.status_code, again_.json["error"]["code"]) == (409, "revoked")


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_an_emoji_is_set_changed_and_taken_back(shop, answered):
    theirs = shop.message(direction="inbound")["id"]
    for emoji in ("👍", "❤️", None):
        assert post(shop, theirs, "reactions", {"emoji": emoji}).status_code == 202
        shop.world.drain()
        shown_now = [each["value"] for each in shown(shop, theirs)["reactions"]]
        assert shown_now == ([emoji] if emoji else [])
    assert acts(shop, "reaction") == [("reaction", "👍"), ("reaction", "❤️"), ("reaction", "")]
    assert [each["data"]["reactor_id"] for each in shop.world.events("message.reaction_added")] == [None, None]
    assert len(shop.world.events("message.reaction_removed")) == 1


@pytest.mark.parametrize("emoji", ["", "ok", "a👍", "👍 ", "👍" * 33, 7])
def test_an_emoji_is_an_emoji(shop, answered, emoji):
    assert post(shop, answered, "reactions", {"emoji": emoji}).status_code == 422


@pytest.mark.parametrize(("verb", "body"), [("recall", None), ("reactions", {"emoji": "👍"})])
def test_nothing_is_done_to_what_is_not_on_whatsapp(shop, verb, body):
    message_id = str(shop.says("Bom dia!"))
    refused = post(shop, message_id, verb, body)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "not_sent")


def test_what_the_customer_wrote_is_neither_changed_nor_taken_back(shop):
    theirs = shop.message(direction="inbound")["id"]
    assert patch(shop, theirs, text="x").json["error"]["code"] == "not_ours"
    assert post(shop, theirs, "recall").json["error"]["code"] == "not_ours"


def test_what_is_too_old_is_told_so(shop, answered):
    shop.world.advance(15 * 60 + 5)
    assert patch(shop, answered, text="x").json["error"]["code"] == "too_late"
    shop.world.advance(60 * 3600)
    assert post(shop, answered, "recall").json["error"]["code"] == "too_late"


def test_only_a_text_says_something_else(shop, world):
    chat_id = world.value("select id from chats")
    body = {"chat_id": chat_id, "type": "location", "latitude": 1, "longitude": 2}
    message_id = shop.api.post(PATH, body, as_=shop.tenant.agent).json["id"]
    world.drain()
    assert patch(shop, message_id, text="x").json["error"]["code"] == "not_a_text"


def test_nothing_is_done_through_an_inactive_channel(shop, answered):
    patch(shop, answered, text="Boa tarde!")
    shop.world.run("update channels set status = 'inactive'")
    assert post(shop, answered, "recall").status_code == 409
    shop.world.drain()
    assert shown(shop, answered)["pending"][0]["failure_code"] == "channel_inactive"
    assert shop.waha.acts == []


def test_the_server_is_asked_with_no_transaction_open(shop, answered, monkeypatch):
    seen = []

    def edit(waha, *_):
        query = "select count(*) from pg_stat_activity where state = 'idle in transaction' and usename = 'ventros_app'"
        seen.append(shop.world.value(query))

    monkeypatch.setattr(client.Waha, "edit", edit)
    patch(shop, answered, text="Boa tarde!")
    shop.world.drain()
    assert seen == [0]
