"""What was sent from an address is kept here after it went, once, and without opening anything to who wrote it."""

from datetime import timedelta

import pytest

from infra.fakes.waha_files import Kept, sample
from infra.fakes.waha_state import Fault
from shared.crm.media.model import BACKOFF
from tests.shared.providers.waha.test_files import server
from tests.support.calls import retold, tell
from tests.support.environment import environment
from tests.support.shop import SESSION, open_shop

CONTENT = sample("image", "x")
LATER = BACKOFF[0] + timedelta(seconds=1)


@pytest.fixture(params=[{}])
def elsewhere(request):
    """A server of somebody's with one file; its place, and what it was asked."""
    with server(**{"body": CONTENT, **request.param}) as (place, asked), environment({"ALLOWED_HOSTS": place}):
        yield place, asked


def writes(shop, url, status=201, **more):
    shop.hears("Oi")
    body = {"chat_id": shop.world.value("select id::text from chats"), "type": "image", "url": url, **more}
    answer = shop.api.post("/api/v1/crm/messages", body, as_=shop.tenant.agent)
    assert answer.status_code == status, answer.text
    return answer.get_json()


def file_of(shop, message):
    shown = shop.api.get(f"/api/v1/crm/messages/{message['id']}", as_=shop.tenant.viewer).get_json()
    return shown["file"]


@pytest.mark.parametrize("engine", ["WEBJS", "WPP", "NOWEB", "GOWS"])
def test_it_is_stored_after_it_went_behind_all_that_is_live(elsewhere, world, api, tenant, engine):
    place, asked = elsewhere
    with open_shop(world, api, tenant, engine=engine, bot=False) as shop:
        message = writes(shop, f"http://{place}/a.jpg", mimetype="image/jpeg")
        assert (message["file"], asked) == (None, [])
        calls = world.drain().calls
        found = file_of(shop, message)
    assert (found["status"], found["mimetype"], found["size_bytes"]) == ("stored", "image/jpeg", len(CONTENT))
    assert (calls["collect_media"], calls["fetch_imported_media"]) == (1, 1)
    assert "fetch_media" not in calls
    assert [headers.get("x-api-key") for headers in asked] == [None]
    assert world.value("select priority from media_files") == "import"


def test_told_again_and_echoed_it_is_still_one_file(elsewhere, shop, media_of):
    message = writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.world.drain()
    (event,) = shop.world.events("message.media_sent")
    assert tell(event) == tell(retold(event)) == [204]
    (echo,) = [each for each in shop.waha.state.sessions[SESSION].payloads if each["fromMe"]]
    shop.echoes(echo)
    shop.settles()
    assert media_of(shop)["message_id"] == message["id"]
    assert len(elsewhere[1]) == 1
    assert event["data"] == {name: media_of(shop)[name] for name in ("message_id", "chat_id", "contact_id")}


def test_one_of_unknown_outcome_is_kept_when_it_is_known_to_have_gone(elsewhere, shop, media_of):
    shop.waha.set_fault(SESSION, Fault(kind="drop", sent=True))
    writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.world.drain()
    assert shop.world.events("message.media_sent") == []
    shop.settles()
    assert media_of(shop)["status"] == "stored"


def test_what_was_not_sent_is_not_fetched(elsewhere, shop):
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    message = writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.settles()
    assert shop.message(id=message["id"])["status"] == "failed"
    assert (shop.world.events("message.media_sent"), elsewhere[1]) == ([], [])


@pytest.mark.parametrize(
    "elsewhere", [{"status": 404}, {"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}], indirect=True
)
def test_what_the_address_does_not_give_is_had_from_waha(elsewhere, shop, media_of):
    message = writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.world.drain()
    assert (media_of(shop)["status"], media_of(shop)["reason"]) == ("pending", "gone")
    sent = shop.message(id=message["id"])["external_id"]
    shop.waha.files.hold(Kept(session=SESSION, message_id=sent, name="a.jpg", mimetype="image/jpeg", content=CONTENT))
    shop.world.drain(until=LATER)
    assert (media_of(shop)["status"], media_of(shop)["size_bytes"]) == ("stored", len(CONTENT))


def test_an_address_on_the_channels_server_is_asked_without_its_key(shop, media_of):
    """Or whoever may write could have all that the server holds, also that of other sessions."""
    theirs = Kept(session="other", message_id="x", name="a.jpg", mimetype="image/jpeg", content=CONTENT)
    writes(shop, shop.waha.files.hold(theirs))
    shop.world.drain()
    assert [(each["key"], each["status"]) for each in shop.waha.files.asked] == [("", 401)]
    assert (media_of(shop)["status"], shop.bucket.names) == ("pending", [])


def test_a_file_of_ours_is_not_fetched_again(elsewhere, shop, media_of):
    writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.world.drain()
    writes(shop, None, media_id=media_of(shop)["id"])
    shop.world.drain()
    assert len(shop.world.events("message.media_sent")) == len(elsewhere[1]) == 1


@pytest.mark.parametrize("elsewhere", [{"body": b"%PDF-1.7 and no picture"}], indirect=True)
def test_what_is_no_such_file_is_not_kept_and_says_why(elsewhere, shop):
    message = writes(shop, f"http://{elsewhere[0]}/a.jpg")
    shop.settles()
    shop.world.drain(until=timedelta(hours=3))
    assert (file_of(shop, message)["status"], file_of(shop, message)["reason"]) == ("failed", "wrong_type")


def test_a_type_with_parameters_is_its_type(elsewhere, shop, media_of):
    writes(shop, f"http://{elsewhere[0]}/a.pdf", type="document", mimetype="application/pdf; charset=binary")
    shop.world.drain()
    assert (media_of(shop)["told_mimetype"], media_of(shop)["reason"]) == ("application/pdf", "wrong_type")


@pytest.mark.parametrize(
    ("type", "mimetype"),
    [
        ("image", "application/pdf"),
        ("image", "video/mp4"),
        ("video", "image/jpeg"),
        ("voice", "text/plain"),
        ("audio", "video/mp4"),
    ],
)
def test_what_is_said_to_be_another_kind_of_file_is_refused_at_once(elsewhere, shop, type, mimetype):
    refused = writes(shop, f"http://{elsewhere[0]}/a", 422, type=type, mimetype=mimetype)["error"]
    assert (refused["code"], elsewhere[1]) == ("wrong_file", [])
    assert mimetype in refused["message"]
    assert type in refused["message"]
    assert shop.world.value("select count(*) from messages where direction = 'outbound'") == 0
    message = {"chat_id": shop.world.value("select id::text from chats"), "type": type, "mimetype": mimetype}
    plan = {
        "send_at": (shop.world.now() + LATER).isoformat(),
        "message": {**message, "url": f"http://{elsewhere[0]}/a"},
    }
    later = shop.api.post("/api/v1/crm/messages/schedule", plan, as_=shop.tenant.agent)
    assert (later.status_code, later.get_json()["error"]["code"]) == (422, "wrong_file")


@pytest.mark.parametrize(
    ("type", "mimetype"),
    [("image", "image/png"), ("voice", "audio/ogg; codecs=opus"), ("audio", "audio/mpeg"), ("document", "image/png")],
)
def test_what_is_said_to_be_the_kind_that_it_is_sent_as_goes(shop, type, mimetype):
    writes(shop, "https://files.example.com/a", type=type, mimetype=mimetype)
