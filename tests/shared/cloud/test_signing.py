import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from google.auth.credentials import AnonymousCredentials, Signing
from google.cloud.storage._signing import generate_signed_url_v4

from shared.cloud import signing
from shared.cloud.signing import AMAZON, GOOGLE, Signer

AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
OURS = Signer(
    dialect=GOOGLE,
    base_url="https://storage.googleapis.com",
    bucket="a-bucket",
    region="auto",
    key_id="GOOG1EXAMPLE",
    secret="a secret",
)


def signature(url):
    return parse_qs(urlsplit(url).query)["X-Amz-Signature"][0]


def test_amazons_own_example():
    signer = Signer(
        dialect=AMAZON,
        base_url="https://s3.amazonaws.com",
        bucket="examplebucket",
        region="us-east-1",
        key_id="AKIAIOSFODNN7EXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    )
    at = datetime(2013, 5, 24, tzinfo=UTC)
    # Their example names the bucket in the host; what is signed differs in these two lines alone.
    canonical = signing._canonical
    try:
        signing._canonical = lambda method, path, query, headers: canonical(
            method, path.removeprefix("/examplebucket"), query, {"host": "examplebucket.s3.amazonaws.com"}
        )
        url = signer.url("GET", "test.txt", seconds=86400, at=at)
    finally:
        signing._canonical = canonical
    assert signature(url) == "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"


class Recording(AnonymousCredentials, Signing):
    """Hands back what it is given to sign."""

    signer = None
    signer_email = "GOOG1EXAMPLE"

    def sign_bytes(self, message):
        self.message = message
        return b"signed"


@pytest.mark.parametrize("name", ["incoming/a b+c", "tenants/é/~x_y-z.1", "a%2Fb"])
def test_google_signs_the_same_request(monkeypatch, name):
    credentials, seen = Recording(), []
    canonical = signing._canonical

    def kept(*told):
        seen.append(canonical(*told))
        return seen[-1]

    monkeypatch.setattr(signing, "_canonical", kept)
    query = {"response-content-disposition": 'attachment; filename="a b.pdf"'}
    headers = {"content-type": "image/png", "x-goog-content-length-range": "0,10"}
    ours = OURS.url("PUT", name, seconds=900, at=AT, query=query, headers=headers)
    theirs = generate_signed_url_v4(
        credentials,
        resource=f"/a-bucket/{quote(name, safe='/~')}",
        expiration=timedelta(seconds=900),
        method="PUT",
        headers=headers,
        query_parameters=query,
        _request_timestamp="20261129T120000Z",
    )
    mine, other = (parse_qs(urlsplit(url).query) for url in (ours, theirs))
    assert urlsplit(ours).path == urlsplit(theirs).path
    for differs in ("X-Goog-Algorithm", "X-Goog-Signature"):
        del mine[differs], other[differs]
    assert mine == other
    told = credentials.message.decode().split("\n")
    asked = seen[0].replace("GOOG4-HMAC-SHA256", "GOOG4-RSA-SHA256")
    assert told[1:3] == ["20261129T120000Z", "20261129/auto/storage/goog4_request"]
    assert told[3] == hashlib.sha256(asked.encode()).hexdigest()


def test_the_key_the_time_the_method_and_the_object_decide():
    usual = OURS.url("GET", "x", seconds=60, at=AT)
    others = [
        OURS.url("PUT", "x", seconds=60, at=AT),
        OURS.url("GET", "y", seconds=60, at=AT),
        OURS.url("GET", "x", seconds=61, at=AT),
        OURS.url("GET", "x", seconds=60, at=AT + timedelta(seconds=1)),
        OURS.url("GET", "x", seconds=60, at=AT, query={"response-content-type": "text/html"}),
    ]
    signatures = {parse_qs(urlsplit(url).query)["X-Goog-Signature"][0] for url in (usual, *others)}
    assert len(signatures) == 6


def test_a_stand_in_is_named_with_its_port_and_path():
    signer = Signer(
        dialect=AMAZON, base_url="http://127.0.0.1:9000/s3/", bucket="b", region="r", key_id="k", secret="s"
    )
    assert signer.url("GET", "x", seconds=60, at=AT).startswith("http://127.0.0.1:9000/s3/b/x?X-Amz-Algorithm=")


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 3600 + 1])
def test_no_link_is_good_for_ever(seconds):
    with pytest.raises(ValueError, match="seconds"):
        OURS.url("GET", "x", seconds=seconds, at=AT)
