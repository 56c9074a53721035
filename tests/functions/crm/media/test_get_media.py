import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx

from infra.fakes.waha_files import FileFault


def test_a_file_that_is_not_here_yet_says_why_and_when_next(shop, api, media_of):
    shop.waha.files.fault = FileFault(kind="error_500")
    shop.hears("olha", kind="image")
    shop.world.drain()
    file = api.get(f"/api/v1/crm/media/{media_of(shop)['id']}", as_=shop.tenant.viewer).get_json()
    assert (file["status"], file["reason"], file["download_url"]) == ("pending", "server_error", None)
    wait = datetime.fromisoformat(file["retry_at"]) - shop.world.now()
    assert timedelta(seconds=5) < wait <= timedelta(seconds=10)


def test_the_link_is_signed_for_a_quarter_of_an_hour(shop, api, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain()
    file = api.get(f"/api/v1/crm/media/{media_of(shop)['id']}", as_=shop.tenant.viewer).get_json()
    asked = parse_qs(urlsplit(file["download_url"]).query)
    assert asked["X-Goog-Expires"] == ["900"]
    assert file["download_seconds"] == 900
    old = shop.bucket.signer.url(
        "GET",
        urlsplit(file["download_url"]).path.removeprefix("/test-media/"),
        seconds=900,
        at=datetime.now(UTC) - timedelta(seconds=901),
    )
    assert httpx.get(file["download_url"]).status_code == 200
    assert httpx.get(old).status_code == 403


def test_another_tenant_finds_nothing(shop, api, other_tenant, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain()
    assert api.get(f"/api/v1/crm/media/{media_of(shop)['id']}", as_=other_tenant.admin).status_code == 404


def test_a_request_for_a_link_loads_no_client_of_any_cloud():
    script = """
import sys
import functions.crm.media.get_media, functions.crm.media.create_media, functions.crm.media.complete_media
heavy = [n for n in sys.modules if n.startswith(("google.cloud.storage", "google.auth", "boto3", "botocore"))]
assert not heavy, heavy
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
