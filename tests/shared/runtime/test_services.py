from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest

from infra.local.keys import new_keys
from shared.kernel.errors import Unauthenticated
from shared.runtime.identity import issue_token
from shared.runtime.services import audience, issue_service_token, service_of
from shared.runtime.settings import settings
from tests.support.environment import environment

DAY = timedelta(days=1)


def brought(token):
    return {"X-Forwarded-Authorization": f"Bearer {token}"}.get


def forged(**changes):
    """A token that our own key has signed, but that we would not have made."""
    known, now = settings(), datetime.now(UTC)
    claims = {"iss": known.token_issuer, "aud": audience(known), "sub": "service:x", "iat": now, "exp": now + DAY}
    key_id = jwt.get_unverified_header(issue_service_token("x", DAY, known))["kid"]
    told = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode(told, known.token_signing_key, algorithm="EdDSA", headers={"kid": key_id})


def test_a_service_is_known_by_its_token():
    assert service_of(brought(issue_service_token("prometheus", DAY, settings()))) == "service:prometheus"
    assert service_of(brought(forged())) == "service:x"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "ventros-api"},
        {"aud": ["ventros-api/services", "ventros-api"]},
        {"iss": "https://elsewhere.example"},
        {"sub": "prometheus"},
        {"sub": "service:"},
        {"sub": "service:a b"},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"exp": datetime.now(UTC) - timedelta(seconds=5)},
        {"exp": datetime.now(UTC) + timedelta(days=40)},
        {"iat": datetime.now(UTC) + timedelta(hours=2)},
        {"iat": "soon", "exp": "9999999999"},
    ],
)
def test_a_token_that_is_not_exactly_that_is_none(changes):
    with pytest.raises(Unauthenticated):
        service_of(brought(forged(**changes)))


def test_a_key_that_is_not_ours_signs_nothing():
    token = issue_service_token("prometheus", DAY, settings())
    with environment(new_keys().environment()), pytest.raises(Unauthenticated):
        service_of(brought(token))


def test_a_persons_token_is_none():
    token, _ = issue_token(tenant_id=uuid4(), user_id=uuid4(), project_id=uuid4(), session_id=uuid4())
    for headers in ({"X-Forwarded-Authorization": f"Bearer {token}"}, {}, {"X-Forwarded-Authorization": token}):
        with pytest.raises(Unauthenticated):
            service_of(headers.get)


@pytest.mark.parametrize(
    ("name", "lifetime"), [("A", DAY), ("", DAY), ("x y", DAY), ("x", timedelta()), ("x", timedelta(days=32))]
)
def test_a_token_is_not_made_for_whatever(name, lifetime):
    with pytest.raises(ValueError, match="service"):
        issue_service_token(name, lifetime, settings())
