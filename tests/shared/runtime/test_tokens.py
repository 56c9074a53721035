import base64
import json

import pytest

from shared.runtime.tokens import read_token

CLAIMS = {"sub": "ana", "exp": 2.5, "iat": 1}


def token(header, claims=CLAIMS):
    parts = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, b"signature"))


@pytest.mark.parametrize("kind", [{}, {"typ": "JWT"}, {"typ": "jwt"}, {"typ": "at+jwt"}, {"typ": "application/at+JWT"}])
def test_a_token_says_what_it_says(kind):
    header = {"alg": "EdDSA", **kind}
    assert read_token(token(header)) == (header, CLAIMS)


@pytest.mark.parametrize("kind", ["logout+jwt", "secevent+jwt", "dpop+jwt", "refresh", "", None, 5, ["JWT"]])
def test_another_kind_of_token_is_refused(kind):
    with pytest.raises(ValueError, match="kind"):
        read_token(token({"typ": kind}))


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [True, "1", None, [], 1e999])
def test_a_time_must_be_a_number(name, value):
    with pytest.raises(ValueError, match="number"):
        read_token(token({}, {**CLAIMS, name: value}))


def test_a_number_too_large_for_any_time_is_refused():
    with pytest.raises(OverflowError):
        read_token(token({}, {**CLAIMS, "exp": 10**400}))


@pytest.mark.parametrize(
    "said",
    [b"[]", b'"text"', b"", b'{"sub": "ana", "sub": "bia"}', b"\xef\xbb\xbf{}", json.dumps(CLAIMS).encode("utf-16")],
)
def test_what_is_no_plain_object_is_refused(said):
    for header, claims in ((said, CLAIMS), ({}, said)):
        with pytest.raises(ValueError, match=r"."):
            read_token(token(header, claims))
