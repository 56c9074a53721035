import stat
import time

import jwt
import pytest

from infra.local.tokens import ISSUER, TokenIssuer, strip_signature, verify

AUDIENCE, EMAIL = "https://f.example/work", "pusher@p.iam.gserviceaccount.com"


def test_a_token_says_who_calls_whom(tmp_path):
    issuer = TokenIssuer(tmp_path)

    token = issuer.mint(AUDIENCE, EMAIL)

    claims = verify(token, AUDIENCE, EMAIL, issuer.jwks())
    assert claims.items() >= {"iss": ISSUER, "aud": AUDIENCE, "email": EMAIL, "email_verified": True}.items()
    assert claims["azp"] == claims["sub"]
    assert claims["exp"] - claims["iat"] == 3600
    assert jwt.get_unverified_header(token)["kid"] == issuer.jwks()["keys"][0]["kid"]


def test_the_key_set_is_public(tmp_path):
    [key] = TokenIssuer(tmp_path).jwks()["keys"]

    assert set(key) == {"kty", "key_ops", "n", "e", "alg", "use", "kid"}


def test_a_token_is_kept_until_near_its_expiry(tmp_path, monkeypatch):
    issuer = TokenIssuer(tmp_path)
    now = time.time()
    first = issuer.mint(AUDIENCE, EMAIL)

    monkeypatch.setattr(time, "time", lambda: now + 3200)
    assert issuer.mint(AUDIENCE, EMAIL) == first
    assert issuer.mint("other", EMAIL) != first
    monkeypatch.setattr(time, "time", lambda: now + 3400)
    assert issuer.mint(AUDIENCE, EMAIL) != first


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path):
    token = TokenIssuer(tmp_path / "data").mint(AUDIENCE, EMAIL)

    again = TokenIssuer(tmp_path / "data")

    assert verify(token, AUDIENCE, EMAIL, again.jwks())["email"] == EMAIL
    [key] = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("audience", "email"), [("https://f.example/other", EMAIL), (AUDIENCE, "other@p.iam.gserviceaccount.com")]
)
def test_a_token_for_another_is_refused(tmp_path, audience, email):
    issuer = TokenIssuer(tmp_path)

    with pytest.raises(jwt.InvalidTokenError):
        verify(issuer.mint(AUDIENCE, EMAIL), audience, email, issuer.jwks())


def test_a_token_of_another_key_or_without_signature_or_no_token_is_refused(tmp_path):
    issuer, stranger = TokenIssuer(tmp_path / "a"), TokenIssuer(tmp_path / "b")
    token = issuer.mint(AUDIENCE, EMAIL)

    for bad in (stranger.mint(AUDIENCE, EMAIL), strip_signature(token), "", "x.y.z", token[:-8] + "AAAAAAAA"):
        with pytest.raises(jwt.InvalidTokenError):
            verify(bad, AUDIENCE, EMAIL, issuer.jwks())


def test_an_expired_token_is_refused(tmp_path, monkeypatch):
    issuer = TokenIssuer(tmp_path)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 4000)
    token = issuer.mint(AUDIENCE, EMAIL)

    with pytest.raises(jwt.ExpiredSignatureError):
        verify(token, AUDIENCE, EMAIL, issuer.jwks())


def test_a_stripped_token_keeps_its_claims(tmp_path):
    token = TokenIssuer(tmp_path).mint(AUDIENCE, EMAIL)

    stripped = strip_signature(token)

    assert stripped.endswith(".SIGNATURE_REMOVED_BY_GOOGLE")
    assert stripped.split(".")[:2] == token.split(".")[:2]
