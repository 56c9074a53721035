"""A file that somebody brings: announced, put at its link, looked at, stored."""

import contextlib
import hashlib

import httpx
import pytest

from infra.fakes.waha_files import sample
from shared.crm.media import fetching
from shared.crm.media.tasks import FetchMedia
from tests.support.calls import give, tick
from tests.support.storage import bucket

PDF = sample("document", "an upload")
NEW = {"kind": "document", "file_name": "catálogo.pdf", "mimetype": "application/pdf", "size_bytes": len(PDF)}


@pytest.fixture
def kept(database):
    with bucket() as served:
        yield served


@pytest.fixture
def announced(api, tenant, kept):
    answer = api.post("/api/v1/crm/media", NEW, as_=tenant.agent)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def put(told, content=PDF, **other):
    return httpx.put(told["upload_url"], content=content, headers={**told["upload_headers"], **other}).status_code


def complete(api, tenant, told):
    return api.post(f"/api/v1/crm/media/{told['id']}/complete", as_=tenant.agent)


def test_what_is_put_and_completed_is_stored(api, tenant, world, kept, announced):
    assert put(announced) == 200
    assert complete(api, tenant, announced).status_code == 202
    world.drain()
    file = api.get(f"/api/v1/crm/media/{announced['id']}", as_=tenant.agent).get_json()
    assert (file["status"], file["mimetype"], file["size_bytes"]) == ("stored", "application/pdf", len(PDF))
    assert kept.names == [f"tenants/{tenant.tenant_id}/{file['sha256']}"]
    assert httpx.get(file["download_url"]).content == PDF
    assert world.events("message.media_stored") == []


def test_the_link_is_shown_once(api, tenant, announced):
    again = api.get(f"/api/v1/crm/media/{announced['id']}", as_=tenant.agent).get_json()
    assert "upload_url" not in again
    assert again["download_url"] is None


def test_it_takes_just_what_was_announced(announced):
    assert put(announced, **{"content-type": "text/html"}) == 403
    assert announced["upload_headers"] == {
        "content-type": "application/pdf",
        "x-goog-content-length-range": f"{len(PDF)},{len(PDF)}",
        "x-goog-if-generation-match": "0",
    }


def test_completing_before_putting_finds_nothing(api, tenant, world, announced):
    complete(api, tenant, announced)
    world.drain()
    file = api.get(f"/api/v1/crm/media/{announced['id']}", as_=tenant.agent).get_json()
    assert (file["status"], file["reason"]) == ("failed", "never_uploaded")
    assert complete(api, tenant, announced).get_json()["error"]["code"] == "not_waiting"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html><body>a page</body></html>".ljust(len(PDF)), "wrong_type"),
        (b"MZ\x90\0".ljust(len(PDF), b"\0"), "type_not_allowed"),
        (PDF[:100], "truncated"),
    ],
)
def test_what_is_no_such_file_is_thrown_away(api, tenant, world, kept, announced, content, reason):
    assert put(announced, content) == 200
    complete(api, tenant, announced)
    world.drain()
    file = api.get(f"/api/v1/crm/media/{announced['id']}", as_=tenant.agent).get_json()
    assert (file["status"], file["reason"]) == ("failed", reason)
    assert kept.names == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"size_bytes": 0}, 422),
        ({"size_bytes": 10**12}, 413),
        ({"kind": "sticker", "size_bytes": 9 * 1024 * 1024}, 413),
        ({"mimetype": "application"}, 422),
        ({"mimetype": "image/png\r\nx-evil: 1"}, 422),
        ({"file_name": "../../etc/passwd"}, 422),
        ({"file_name": "a\nb"}, 422),
        ({"kind": "film"}, 422),
        ({"url": "https://example.com/x"}, 422),
    ],
)
def test_what_cannot_be_uploaded_is_refused(api, tenant, kept, changed, status):
    assert api.post("/api/v1/crm/media", {**NEW, **changed}, as_=tenant.agent).status_code == status


def test_an_upload_nobody_completes_is_looked_for_and_given_up(api, tenant, world, announced):
    world.advance(3600 + 121)
    assert tick("sweep_media") == 204
    world.drain()
    assert world.value("select reason from media_files") == "never_uploaded"


def test_an_upload_that_was_put_but_never_completed_is_stored_all_the_same(tenant, world, announced):
    assert put(announced) == 200
    world.advance(3600 + 121)
    tick("sweep_media")
    world.drain()
    assert world.value("select status from media_files") == "stored"


def test_an_upload_whose_content_is_just_being_removed_waits_for_that(api, tenant, world, kept, announced):
    content = hashlib.sha256(PDF).hexdigest()
    world.run(
        "insert into media_objects (tenant_id, sha256, status, removing_since) "
        "values (:id, :content, 'removing', now())",
        id=tenant.tenant_id,
        content=content,
    )
    assert put(announced) == 200
    complete(api, tenant, announced)
    world.drain()
    assert world.rows("select status, reason from media_files") == [{"status": "pending", "reason": "being_removed"}]
    world.run("delete from media_objects")
    world.advance(11)
    assert give(tenant.tenant_id, FetchMedia(media_id=announced["id"])) == 204
    assert world.rows("select status, reason from media_files") == [{"status": "stored", "reason": None}]
    assert kept.names == [f"tenants/{tenant.tenant_id}/{content}"]


@pytest.mark.parametrize(
    ("content", "outcome"),
    [(PDF, ("stored", None)), (b"MZ\x90\0".ljust(len(PDF), b"\0"), ("failed", "type_not_allowed"))],
)
def test_an_upload_whose_looking_at_was_killed_is_looked_at_again(
    api, tenant, world, kept, announced, monkeypatch, content, outcome
):
    def killed(*_):
        raise KeyboardInterrupt

    assert put(announced, content) == 200
    complete(api, tenant, announced)
    with monkeypatch.context() as patched:
        patched.setattr(fetching, "_record", killed)
        with contextlib.suppress(KeyboardInterrupt):
            world.drain()
    assert world.value("select status from media_files") == "downloading"
    world.advance(601)
    assert give(tenant.tenant_id, FetchMedia(media_id=announced["id"])) == 204
    assert world.rows("select status, reason from media_files") == [
        dict(zip(("status", "reason"), outcome, strict=True))
    ]
    assert not [each for each in kept.names if each.startswith("incoming/")]
