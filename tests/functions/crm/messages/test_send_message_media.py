"""A file that somebody uploads here and sends: it goes out by a link of ours, and its echo brings nothing anew."""

import httpx
import pytest

from infra.fakes.waha_files import sample
from tests.support.shop import SESSION, open_shop
from tests.support.waha import waha_channel

MEDIA, MESSAGES = "/api/v1/crm/media", "/api/v1/crm/messages"
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
TYPES = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/ogg",
    "document": "application/pdf",
}
CLAIMED = "update messages set status = 'sending', claimed_at = clock_timestamp() where id = :id"
CAPTIONED = {"image", "video", "document"}


@pytest.fixture
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=getattr(request, "param", "NOWEB"), bot=False) as shop:
        shop.hears("Oi")
        yield shop


def content_of(type):
    return sample("voice" if type == "audio" else type, "an upload")


def announce(shop, type, tenant=None):
    told = {"kind": type, "file_name": f"arquivo.{type}", "mimetype": TYPES[type], "size_bytes": len(content_of(type))}
    answer = shop.api.post(MEDIA, told, as_=(tenant or shop.tenant).agent)
    assert answer.status_code == 201, answer.text
    return answer.json


def upload(shop, type, tenant=None):
    """Announce a file, put it and have it stored; its id."""
    told = announce(shop, type, tenant)
    assert httpx.put(told["upload_url"], content=content_of(type), headers=told["upload_headers"]).status_code == 200
    done = shop.api.post(f"{MEDIA}/{told['id']}/complete", as_=(tenant or shop.tenant).agent)
    assert done.status_code == 202
    shop.world.drain()
    return told["id"]


def write(shop, type, media_id, **more):
    body = {"chat_id": shop.world.value("select id from chats"), "type": type, "media_id": media_id, **more}
    return shop.api.post(MESSAGES, body, as_=shop.tenant.agent)


def nothing_is_queued(shop):
    return shop.world.events("message.queued") == [] and shop.waha.sent == []


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
@pytest.mark.parametrize("type", TYPES)
def test_what_was_uploaded_goes_out_once_and_its_echo_is_the_same_message(shop, type):
    media_id = upload(shop, type)
    caption = {"caption": "Olha só"} if type in CAPTIONED else {}
    queued = write(shop, type, media_id, **caption)
    assert (queued.status_code, queued.json["type"], queued.json["status"]) == (201, type, "queued")
    shop.world.drain()
    (record,) = shop.waha.sent
    file = record.body["file"]
    assert (file["mimetype"], record.text) == (TYPES[type], caption.get("caption", ""))
    assert file.get("filename") == (None if type == "voice" else f"arquivo.{type}")
    assert httpx.get(file["url"]).content == content_of(type)
    (echo,) = [each for each in shop.waha.state.sessions[SESSION].payloads if each["fromMe"]]
    shop.echoes(echo)
    shop.world.drain()
    message = shop.message(direction="outbound")
    assert (message["id"], message["status"], message["media_file_id"]) == (queued.json["id"], "sent", media_id)
    assert [row["id"] for row in shop.world.rows("select id from media_files")] == [media_id]
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ENGINES, indirect=True)
def test_the_echo_that_comes_before_the_answer_keeps_the_file(shop):
    media_id = upload(shop, "image")
    message_id = write(shop, "image", media_id).json["id"]
    shop.world.run(
        "update messages set status = 'sending', claimed_at = clock_timestamp() where id = :id", id=message_id
    )
    session = shop.waha.state.sessions[SESSION]
    body = {"chatId": "5511987654321@c.us", "file": {"mimetype": "image/jpeg", "url": "https://files.example.com/x"}}
    chosen = shop.message(id=message_id)["external_id"]
    shop.waha.state.accept(session, "image", {**body, **({"id": chosen} if chosen else {})})
    shop.echoes(session.payloads[-1])
    message = shop.message(direction="outbound")
    assert (message["id"], message["status"], message["media_file_id"]) == (message_id, "sent", media_id)


def test_a_file_can_be_sent_any_number_of_times(shop):
    media_id = upload(shop, "document")
    assert [write(shop, "document", media_id, file_name=name).status_code for name in ("a.pdf", "b.pdf")] == [201, 201]
    shop.world.drain()
    assert [each.body["file"]["filename"] for each in shop.waha.sent] == ["a.pdf", "b.pdf"]


def test_the_link_is_made_when_the_message_goes_and_not_when_it_was_written(shop):
    media_id = upload(shop, "image")
    write(shop, "image", media_id)
    kept = shop.message(direction="outbound")["media"]
    assert (kept.get("url"), kept["mimetype"], kept["file_name"]) == (None, "image/jpeg", "arquivo.image")


def test_another_tenants_file_is_not_there(shop, world, api, other_tenant):
    waha_channel(world, api, other_tenant)
    theirs = upload(shop, "image", other_tenant)
    refused = write(shop, "image", theirs)
    assert (refused.status_code, refused.json["error"]["code"]) == (404, "not_found")
    assert nothing_is_queued(shop)


def test_a_file_that_is_not_there_yet_is_not_sent(shop):
    refused = write(shop, "image", announce(shop, "image")["id"])
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "file_not_stored")
    assert nothing_is_queued(shop)


def test_a_file_that_never_came_is_not_sent(shop):
    told = announce(shop, "image")
    shop.api.post(f"{MEDIA}/{told['id']}/complete", as_=shop.tenant.agent)
    shop.world.drain()
    refused = write(shop, "image", told["id"])
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "file_not_stored")


@pytest.mark.parametrize(
    ("stored", "sent_as"), [("document", "image"), ("image", "video"), ("video", "voice"), ("voice", "image")]
)
def test_a_file_is_sent_as_what_it_is(shop, stored, sent_as):
    refused = write(shop, sent_as, upload(shop, stored))
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "wrong_file")
    assert TYPES[stored] in refused.json["error"]["message"]
    assert nothing_is_queued(shop)


@pytest.mark.parametrize("stored", TYPES)
def test_any_file_is_sent_as_a_document(shop, stored):
    assert write(shop, "document", upload(shop, stored)).status_code == 201
    shop.world.drain()
    assert [each.body["file"]["mimetype"] for each in shop.waha.sent] == [TYPES[stored]]


@pytest.mark.parametrize("more", [{"url": "https://files.example.com/a.jpg"}, {"media_id": None}, {"media_id": "x"}])
def test_one_file_is_named_and_no_more(shop, more):
    media_id = upload(shop, "image")
    body = {"chat_id": shop.world.value("select id from chats"), "type": "image", "media_id": media_id, **more}
    assert shop.api.post(MESSAGES, body, as_=shop.tenant.agent).status_code == 422
    assert nothing_is_queued(shop)


def test_a_file_that_is_gone_when_the_message_goes_is_a_failure_with_its_reason(shop):
    media_id = upload(shop, "image")
    write(shop, "image", media_id)
    shop.world.run("delete from media_files where id = :id", id=media_id)
    shop.world.drain()
    message = shop.message(direction="outbound")
    assert (message["status"], message["failure_code"], shop.waha.sent) == ("failed", "file_gone", [])
