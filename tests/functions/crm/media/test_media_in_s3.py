"""The same with a bucket of an S3-compatible server's."""

import httpx
import pytest
from moto.server import ThreadedMotoServer

from infra.fakes.waha_files import sample
from shared.cloud.s3 import S3Storage
from tests.support.calls import tick
from tests.support.environment import environment

KEY = {"key_id": "an-access-key", "secret": "its secret"}


@pytest.fixture
def amazon(shop):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    store = S3Storage("the-media", base_url=url, region="us-east-1", **KEY)
    store._client.create_bucket(Bucket="the-media")
    variables = {
        "STORAGE": "s3",
        "STORAGE_BASE_URL": url,
        "STORAGE_REGION": "us-east-1",
        "STORAGE_KEY_ID": KEY["key_id"],
        "STORAGE_KEY_SECRET": KEY["secret"],
        "MEDIA_BUCKET": "the-media",
    }
    with environment(variables):
        yield store
    store._client.close()
    server.stop()


def names(store, shop):
    """The tenant's objects; moto keeps what other tests have left."""
    found = store._client.list_objects_v2(Bucket="the-media", Prefix=f"tenants/{shop.tenant.tenant_id}/")
    return [each["Key"] for each in found.get("Contents", [])]


def test_a_messages_file_is_stored_there_and_can_be_downloaded(shop, api, amazon, media_of):
    shop.hears("olha", kind="image", message_id="3EB0AA50")
    shop.world.drain()
    found = media_of(shop)
    assert found["status"] == "stored"
    assert names(amazon, shop) == [f"tenants/{shop.tenant.tenant_id}/{found['sha256']}"]
    file = api.get(f"/api/v1/crm/media/{found['id']}", as_=shop.tenant.viewer).get_json()
    assert "X-Amz-Signature" in file["download_url"]
    assert httpx.get(file["download_url"]).content == sample("image", "3EB0AA50")


def test_an_upload_is_put_there_by_its_link(shop, api, amazon):
    content = sample("document", "an upload")
    new = {"mimetype": "application/pdf", "size_bytes": len(content)}
    told = api.post("/api/v1/crm/media", new, as_=shop.tenant.agent).get_json()
    assert told["upload_headers"]["content-length"] == str(len(content))
    assert httpx.put(told["upload_url"], content=content, headers=told["upload_headers"]).status_code == 200
    assert api.post(f"/api/v1/crm/media/{told['id']}/complete", as_=shop.tenant.agent).status_code == 202
    shop.world.drain()
    file = api.get(f"/api/v1/crm/media/{told['id']}", as_=shop.tenant.viewer).get_json()
    assert (file["status"], file["size_bytes"]) == ("stored", len(content))


def test_what_is_forgotten_is_deleted_there(shop, amazon):
    shop.hears("olha", kind="image")
    shop.world.drain()
    shop.world.run("update media_files set created_at = created_at - interval '366 days'")
    tick("sweep_media")
    shop.world.drain()
    assert names(amazon, shop) == []
