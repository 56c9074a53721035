"""A message's file on its way into the bucket, and all that can go wrong on it."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest

from infra.fakes.waha_events import Addressing
from infra.fakes.waha_files import FileFault, Kept, sample
from infra.fakes.waha_parts import MEDIA
from shared.crm.media import fetching
from shared.crm.media.model import BACKOFF, LEASE, MOST_CLAIMS
from shared.crm.media.tasks import FetchMedia
from shared.providers.waha import files
from tests.support.calls import give, tick
from tests.support.environment import forget
from tests.support.shop import ANA

LONG = timedelta(hours=3)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(files, "SECONDS", 1.0)


def broken(shop, kind, times=1, seconds=5.0):
    shop.waha.files.fault = FileFault(kind=kind, times=times, seconds=seconds)


@pytest.mark.parametrize("kind", sorted(MEDIA))
def test_the_file_of_a_message_is_stored_under_the_hash_of_its_content(any_shop, media_of, kind):
    any_shop.hears("olha", kind=kind, message_id="3EB0AA01")
    any_shop.world.drain()
    found = media_of(any_shop)
    content = sample(kind, "3EB0AA01")
    assert found["status"] == "stored", found
    assert found["sha256"] == hashlib.sha256(content).hexdigest()
    assert found["size_bytes"] == len(content)
    assert found["mimetype"].split("/")[0] == MEDIA[kind].mimetype.split("/")[0]
    assert any_shop.bucket.names == [f"tenants/{any_shop.tenant.tenant_id}/{found['sha256']}"]


def test_the_message_shows_its_file_and_anybody_with_the_link_can_read_it(shop, api, media_of):
    shop.hears("olha", kind="document", message_id="3EB0AA02")
    shop.world.drain()
    message = shop.message(type="document")
    shown = api.get(f"/api/v1/crm/messages/{message['id']}", as_=shop.tenant.viewer).get_json()
    assert shown["file"] == {
        "id": message["media_file_id"],
        "status": "stored",
        "reason": None,
        "mimetype": "application/pdf",
        "size_bytes": 20480,
    }
    file = api.get(f"/api/v1/crm/media/{shown['file']['id']}", as_=shop.tenant.viewer).get_json()
    answer = httpx.get(file["download_url"])
    assert answer.content == sample("document", "3EB0AA02")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''nota-fiscal.pdf"


def test_its_events_say_so_with_ids_alone(shop, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain()
    found = media_of(shop)
    (announced,), (stored,) = (shop.world.events(f"message.media_{name}") for name in ("announced", "stored"))
    assert stored["data"] == {
        "message_id": found["message_id"],
        "chat_id": found["chat_id"],
        "contact_id": found["contact_id"],
        "media_id": found["id"],
        "mimetype": "image/jpeg",
        "bytes": 48213,
    }
    assert announced["data"] == {name: found[name] for name in ("message_id", "chat_id", "contact_id")}


def test_the_key_goes_to_the_channels_own_server_and_nowhere_else(shop, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain()
    (asked,) = shop.waha.files.asked
    assert (asked["key"], asked["status"]) == ("waha-key", 200)


def test_the_same_content_lies_in_the_bucket_once(shop):
    for _ in range(3):
        shop.hears("de novo", kind="image", media=shared_link(shop))
    shop.world.drain()
    found = shop.world.rows("select status, sha256 from media_files")
    assert [row["status"] for row in found] == ["stored"] * 3
    assert len(shop.bucket.names) == 1


def shared_link(shop):
    file = Kept(session="loja", message_id="x", name="x.jpeg", mimetype="image/jpeg", content=sample("image", "x"))
    return {"url": shop.waha.files.hold(file), "mimetype": "image/jpeg", "filename": None}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("truncated", "truncated"),
        ("wrong_length", "truncated"),
        ("wrong_type", "wrong_type"),
        ("empty", "empty"),
        ("error_500", "server_error"),
        ("slow", "too_slow"),
        ("hang", "too_slow"),
    ],
)
def test_what_may_pass_is_tried_again(shop, media_of, impatient, fault, reason):
    shop.hears("olha", kind="image")
    broken(shop, fault)
    shop.world.drain()
    found = media_of(shop)
    assert (found["status"], found["reason"], found["attempts"]) == ("pending", reason, 1)
    assert shop.bucket.names == []
    shop.world.drain(until=BACKOFF[0] + timedelta(seconds=1))
    assert media_of(shop)["status"] == "stored"
    assert media_of(shop)["reason"] is None


@pytest.mark.parametrize(
    ("fault", "reason"), [("endless", "too_large"), ("compressed", "compressed"), ("redirect", "redirected")]
)
def test_what_cannot_pass_is_given_up_at_once(shop, api, media_of, fault, reason):
    shop.hears("olha", kind="sticker")
    broken(shop, fault)
    shop.world.drain()
    found = media_of(shop)
    assert (found["status"], found["reason"], found["attempts"]) == ("failed", reason, 1)
    (event,) = shop.world.events("message.media_failed")
    assert (event["data"]["reason"], event["data"]["retryable"]) == (reason, False)
    assert shop.bucket.names == []
    answer = api.post(f"/api/v1/crm/media/{found['id']}/retry", as_=shop.tenant.agent)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_retryable")


def test_what_never_gets_better_is_given_up_after_the_last_attempt(shop, media_of):
    shop.hears("olha", kind="image")
    broken(shop, "error_500", times=100)
    shop.world.drain(until=LONG)
    found = media_of(shop)
    assert (found["status"], found["reason"], found["attempts"]) == ("failed", "server_error", len(BACKOFF) + 1)
    (event,) = shop.world.events("message.media_failed")
    assert event["data"]["retryable"]


def test_a_file_that_waha_has_deleted_is_fetched_from_whatsapp_anew(any_shop, media_of):
    any_shop.hears("olha", kind="voice", message_id="3EB0AA03")
    any_shop.world.advance(600)
    any_shop.world.drain()
    assert media_of(any_shop)["status"] == "stored"
    assert [each["status"] for each in any_shop.waha.files.asked] == [404, 200]


def test_a_file_that_is_nowhere_is_missing_and_can_be_asked_for_again(shop, api, media_of):
    shop.hears("olha", kind="voice", message_id="3EB0AA03")
    broken(shop, "gone_for_good")
    shop.world.drain(until=LONG)
    found = media_of(shop)
    assert (found["status"], found["reason"]) == ("missing", "gone")
    shop.waha.files.fault = None
    answer = api.post(f"/api/v1/crm/media/{found['id']}/retry", as_=shop.tenant.agent)
    assert (answer.status_code, answer.get_json()["status"]) == (202, "pending")
    shop.world.drain()
    assert media_of(shop)["status"] == "stored"


@pytest.mark.parametrize("media", [None, {"url": None, "error": {"message": "timeout"}, "mimetype": "image/jpeg"}])
def test_a_message_that_came_without_its_file_gets_it_later(shop, media_of, media):
    shop.hears("olha", kind="image", message_id="3EB0AA04")  # the server holds it, under this id
    shop.world.run("update messages set media = media || cast(:without as jsonb)", without={"url": None})
    shop.world.drain()
    assert media_of(shop)["status"] == "stored"


def test_a_server_that_knows_no_file_either_is_asked_again_later(shop, media_of):
    shop.hears("olha", kind="image", message_id="3EB0AA05")
    shop.world.run("update messages set media = media || cast(:without as jsonb)", without={"url": None})
    broken(shop, "no_url")
    shop.world.drain()
    assert (media_of(shop)["status"], media_of(shop)["reason"]) == ("pending", "not_downloaded")
    shop.world.drain(until=LONG)
    assert media_of(shop)["status"] == "stored"


def test_a_server_that_calls_itself_localhost_is_asked_where_it_is(shop, media_of):
    shop.hears("olha", kind="image", message_id="3EB0AA06")
    shop.world.run(
        "update messages set media = media || jsonb_build_object('url', replace(media ->> 'url', :here, :there))",
        here=shop.waha.url,
        there="http://localhost:3000",
    )
    shop.world.drain()
    assert media_of(shop)["status"] == "stored"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/x.jpeg",
        "https://169.254.169.254/latest/meta-data",
        "https://waha@files.example.com/x",
        "http://files.example.com/x",
    ],
)
def test_a_file_at_an_address_that_may_not_be_called_is_not_fetched(shop, media_of, url):
    shop.hears("olha", kind="image", media={"url": url, "mimetype": "image/jpeg", "filename": None})
    shop.world.drain()
    found = media_of(shop)
    assert (found["status"], found["reason"]) == ("failed", "forbidden_url")


def test_a_page_that_is_told_to_be_a_document_is_none(shop, media_of):
    shop.hears("olha", kind="document")
    broken(shop, "wrong_type", times=100)
    shop.world.drain(until=LONG)
    assert (media_of(shop)["status"], media_of(shop)["reason"]) == ("failed", "wrong_type")


def test_what_breaks_every_fetching_is_given_up_in_the_end(shop, media_of, monkeypatch):
    def broken_off(*_, **__):
        raise RuntimeError

    monkeypatch.setattr(fetching, "read_file", broken_off)
    shop.hears("olha", kind="image")
    shop.world.drain(tolerate=True)
    for _ in range(MOST_CLAIMS):
        shop.world.advance(LEASE.total_seconds() + 121)
        tick("sweep_media")
        shop.world.drain(tolerate=True)
    assert (media_of(shop)["status"], media_of(shop)["reason"]) == ("failed", "broken_off")
    assert shop.world.events("message.media_failed")[0]["data"]["retryable"]


def test_a_bucket_that_is_away_costs_no_attempt(shop, media_of, monkeypatch):
    shop.hears("olha", kind="image")
    with monkeypatch.context() as away:
        away.setenv("STORAGE_BASE_URL", "http://127.0.0.1:9")
        forget()
        shop.world.drain(tolerate=True)
    forget()
    found = media_of(shop)
    assert (found["status"], found["attempts"]) == ("pending", 0)
    shop.world.advance(61)
    assert give(shop.tenant.tenant_id, FetchMedia(media_id=found["id"])) == 204
    assert media_of(shop)["status"] == "stored"


def test_fetching_twice_at_once_stores_once(shop, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain(until=None)
    shop.world.run("update media_files set status = 'pending', sha256 = null, mimetype = null, attempts = 0")
    found = media_of(shop)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: give(shop.tenant.tenant_id, FetchMedia(media_id=found["id"])), range(16)))
    assert set(statuses) <= {204, 503}
    assert 204 in statuses
    assert media_of(shop)["attempts"] == 1
    assert len(shop.bucket.names) == 1


def test_a_contact_who_becomes_another_takes_the_files_along(shop):
    shop.hears("olha", kind="image", customer=ANA, addressing=Addressing.LID)
    shop.hears("oi", customer=ANA, addressing=Addressing.PHONE)
    shop.world.drain()
    shop.hears("sou eu", customer=ANA, addressing=Addressing.LID_WITH_PHONE)
    shop.world.drain()
    (survivor,) = shop.world.rows("select id from contacts where merged_into_id is null and deleted_at is null")
    assert shop.world.value("select contact_id from media_files") == survivor["id"]
