"""Both stores by one set of rules: Cloud Storage's client against the stand-in, S3's against moto."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from moto.server import ThreadedMotoServer

from shared.cloud.s3 import S3Storage
from shared.cloud.storage import UPLOAD_PART, AlreadyThere, CloudStorage, NotThere, StorageAway
from tests.support.storage import BUCKET, bucket

SIZES = [0, 1, 1000, UPLOAD_PART - 1, UPLOAD_PART, UPLOAD_PART + 1, 2 * UPLOAD_PART]


@pytest.fixture(scope="module")
def google():
    with bucket() as served:
        store = CloudStorage("project", BUCKET, base_url=served.url)
        yield store
        store._client.close()


@pytest.fixture(scope="module")
def amazon():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = S3Storage(BUCKET, base_url=f"http://{host}:{port}", region="us-east-1", key_id="key", secret="secret")
    store._client.create_bucket(Bucket=BUCKET)
    yield store
    store._client.close()
    server.stop()


@pytest.fixture(params=["google", "amazon"])
def store(request):
    return request.getfixturevalue(request.param)


def chunks(size, chunk=65536):
    for at in range(0, size, chunk):
        yield bytes([at // chunk % 251]) * min(chunk, size - at)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_written_can_be_read(store, size):
    store.put(f"read/{size}", chunks(size), mimetype="image/png")
    assert b"".join(store.read(f"read/{size}")) == b"".join(chunks(size))
    kept = store.head(f"read/{size}")
    assert (kept.size_bytes, kept.mimetype) == (size, "image/png")


@pytest.mark.parametrize("size", [10, UPLOAD_PART + 1])
def test_nothing_is_written_over(store, size):
    store.put(f"once/{size}", [b"first"], mimetype="text/plain")
    with pytest.raises(AlreadyThere):
        store.put(f"once/{size}", chunks(size), mimetype="text/plain")
    assert b"".join(store.read(f"once/{size}")) == b"first"


@pytest.mark.parametrize("size", [10, UPLOAD_PART + 1])
def test_chunks_that_break_off_leave_nothing(store, size):
    def broken():
        yield from chunks(size)
        raise ConnectionError("the other side hung up")

    with pytest.raises(ConnectionError):
        store.put(f"broken/{size}", broken(), mimetype="text/plain")
    assert store.head(f"broken/{size}") is None


def test_a_copy_is_made_once_and_the_first_one_stays(store):
    store.put("copy/a", [b"a"], mimetype="application/octet-stream")
    store.put("copy/b", [b"b"], mimetype="application/octet-stream")
    store.copy("copy/a", "copy/of", mimetype="image/gif")
    with pytest.raises(AlreadyThere):
        store.copy("copy/b", "copy/of", mimetype="image/gif")
    assert b"".join(store.read("copy/of")) == b"a"
    # Google's stand-in keeps what the first one was called.
    assert store.head("copy/of").mimetype == (
        "image/gif" if isinstance(store, S3Storage) else "application/octet-stream"
    )


def test_what_is_not_there_is_said_to_be_so(store):
    assert store.head("nothing") is None
    with pytest.raises(NotThere):
        list(store.read("nothing"))
    with pytest.raises(NotThere):
        store.copy("nothing", "copy/of/nothing", mimetype="image/gif")


def test_deleting_twice_is_deleting_once(store):
    store.put("gone", [b"x"], mimetype="text/plain")
    store.delete("gone")
    store.delete("gone")
    assert store.head("gone") is None
    store.put("gone", [b"y"], mimetype="text/plain")


def test_a_store_that_is_away_is_said_to_be_away():
    nowhere = "http://127.0.0.1:9"
    google = CloudStorage("project", BUCKET, base_url=nowhere)
    google._new["retry"] = google._new["retry"].with_timeout(0.1)
    amazon = S3Storage(BUCKET, base_url=nowhere, region="us-east-1", key_id="key", secret="secret")
    for store in (google, amazon):
        with pytest.raises(StorageAway):
            store.put("x", [b"x"], mimetype="text/plain")


def test_a_link_is_good_for_its_time_its_method_and_its_object():
    with bucket() as served:
        store = CloudStorage("project", BUCKET, base_url=served.url)
        store.put("linked/a b", [b"hello"], mimetype="text/plain")
        now = datetime.now(UTC)
        good = served.signer.url("GET", "linked/a b", seconds=60, at=now)
        assert httpx.get(good).text == "hello"
        bad = [
            served.signer.url("GET", "linked/a b", seconds=60, at=now - timedelta(seconds=61)),
            served.signer.url("PUT", "linked/a b", seconds=60, at=now),
            good.replace("a%20b", "a%20c"),
            good.replace("X-Goog-Expires=60", "X-Goog-Expires=6000"),
            good[:-1] + ("0" if good[-1] != "0" else "1"),
            good.partition("?")[0],
        ]
        assert [httpx.get(url).status_code for url in bad] == [403] * len(bad)


def test_an_upload_link_takes_just_what_was_signed():
    with bucket() as served:
        headers = {"content-type": "image/png", "x-goog-if-generation-match": "0"}
        url = served.signer.url("PUT", "incoming/x", seconds=60, at=datetime.now(UTC), headers=headers)
        assert httpx.put(url, content=b"x", headers={"content-type": "image/png"}).status_code == 403
        assert httpx.put(url, content=b"x", headers={**headers, "content-type": "text/html"}).status_code == 403
        assert httpx.put(url, content=b"x", headers=headers).status_code == 200
        assert served.names == ["incoming/x"]
