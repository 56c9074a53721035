import base64
import json
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.kernel.errors import Forbidden, Unauthenticated
from shared.runtime import identity
from shared.runtime.identity import (
    LEEWAY,
    Actor,
    ActorType,
    Principal,
    Role,
    api_key,
    claim_of,
    hash_secret,
    issue_token,
    new_secret,
    permit,
    signed_claims,
    verify_token,
)
from shared.runtime.settings import settings
from shared.runtime.telemetry import trace, traced
from tests.support.api import call
from tests.support.functions import route

ID = UUID("0190a4f0-0000-7000-8000-000000000001")
PROFILE = "/api/v1/auth/profile"


def claims(**changes):
    now = datetime.now(UTC)
    return {
        "iss": settings().token_issuer,
        "aud": settings().token_audience,
        "sub": str(uuid4()),
        "tenant_id": str(uuid4()),
        "project_id": str(uuid4()),
        "sid": str(uuid4()),
        "iat": now,
        "exp": now + timedelta(minutes=5),
        **changes,
    }


def our_key_id():
    return json.loads(settings().token_public_keys)["keys"][0]["kid"]


def signed(payload, *, key=None, algorithm="EdDSA", headers=None):
    given = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(given, key or settings().token_signing_key, algorithm, headers or {"kid": our_key_id()})


def unsigned(header, payload):
    parts = (json.dumps(part, default=str).encode() for part in (header, payload))
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."


def test_a_token_of_ours_is_good():
    tenant_id, user_id, project_id, session_id = uuid4(), uuid4(), uuid4(), uuid4()
    token, seconds = issue_token(tenant_id=tenant_id, user_id=user_id, project_id=project_id, session_id=session_id)
    found = verify_token(token)
    assert (found["tenant_id"], found["sub"], found["project_id"]) == (str(tenant_id), str(user_id), str(project_id))
    assert found["sid"] == str(session_id)
    assert found["exp"] - found["iat"] == seconds == 3600
    assert "role" not in found


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": datetime.now(UTC) - timedelta(seconds=1)},
        {"iat": datetime.now(UTC) + timedelta(hours=1)},
        {"nbf": datetime.now(UTC) + timedelta(hours=1)},
        {"nbf": True},
        {"aud": "somebody-else"},
        {"aud": ["ventros-api"]},
        {"iss": "https://accounts.google.com"},
        {"exp": None},
        {"iat": None},
        {"aud": None},
        {"iss": None},
        {"sub": None},
    ],
)
def test_a_token_for_another_time_or_place_is_refused(changes):
    with pytest.raises(Unauthenticated):
        verify_token(signed(claims(**changes)))


def test_the_clock_of_the_instance_that_signed_may_be_a_little_ahead_and_no_more():
    assert verify_token(signed(claims(iat=datetime.now(UTC) + timedelta(seconds=LEEWAY - 10))))
    with pytest.raises(Unauthenticated):
        verify_token(signed(claims(iat=datetime.now(UTC) + timedelta(seconds=LEEWAY + 10))))


def test_a_signature_is_checked_once_and_the_time_with_each_request(monkeypatch):
    minutes = iter((0, 4, 6, -3, 1))

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(minutes=next(minutes))

    token = signed(claims())
    monkeypatch.setattr(identity, "datetime", Moved)
    before = signed_claims.cache_info()
    for good in (True, True, False, False, True):
        with nullcontext() if good else pytest.raises(Unauthenticated):
            verify_token(token)
    after = signed_claims.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 4)


def test_a_token_that_was_refused_is_not_remembered():
    before = signed_claims.cache_info().currsize
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            verify_token(signed(claims(aud="somebody-else")))
    assert signed_claims.cache_info().currsize == before


def test_a_token_of_another_signer_is_refused():
    forger = Ed25519PrivateKey.generate()
    for headers in ({"kid": our_key_id()}, {"kid": "other"}, {"kid": ""}, {}):
        with pytest.raises(Unauthenticated):
            verify_token(jwt.encode(claims(), forger, "EdDSA", headers))


def test_no_other_algorithm_will_do():
    public = json.loads(settings().token_public_keys)["keys"][0]["x"]
    for algorithm in ("HS256", "HS512"):
        with pytest.raises(Unauthenticated):
            verify_token(signed(claims(), key=public.ljust(64, "="), algorithm=algorithm))
    for name in ("none", "None", "NONE", "EdDSA"):
        with pytest.raises(Unauthenticated):
            verify_token(unsigned({"alg": name, "kid": our_key_id()}, claims()))


def test_a_changed_token_is_refused():
    token = signed(claims())
    head, body, signature = token.split(".")
    other = signed(claims()).split(".")[1]
    for forged in (
        f"{head}.{other}.{signature}",
        f"{head}.{body}.{signature[::-1]}",
        f"{head}.{body}.",
        f"{head}.{body}",
    ):
        with pytest.raises(Unauthenticated):
            verify_token(forged)


def sealed(header, payload):
    """Signed by hand, whatever it is."""
    signing = serialization.load_pem_private_key(settings().token_signing_key.encode(), None)
    assert isinstance(signing, Ed25519PrivateKey)
    begun = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, payload))
    return f"{begun}.{base64.urlsafe_b64encode(signing.sign(begun.encode())).decode().rstrip('=')}"


def test_a_token_that_could_be_read_in_two_ways_is_refused():
    header = json.dumps({"alg": "EdDSA", "kid": our_key_id()}).encode()
    said = json.dumps({**claims(), "iat": 0, "exp": 1 << 33}).encode()
    assert signed_claims(sealed(header, said), settings().token_audience)
    for odd in (b'{"sub": "x", ' + said[1:], b"\xef\xbb\xbf" + said, said.decode().encode("utf-16")):
        with pytest.raises(Unauthenticated):
            signed_claims(sealed(header, odd), settings().token_audience)
    with pytest.raises(Unauthenticated):
        signed_claims(sealed(b'{"alg": "none", ' + header[1:], said), settings().token_audience)


def test_a_token_is_one_that_opens_doors():
    for kind in ("JWT", "at+jwt"):
        assert verify_token(signed(claims(), headers={"kid": our_key_id(), "typ": kind}))
    for kind in ("logout+jwt", "dpop+jwt"):
        with pytest.raises(Unauthenticated):
            verify_token(signed(claims(), headers={"kid": our_key_id(), "typ": kind}))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b.c", "\x00", "e30.e30.e30", "." * 100, unsigned({"alg": "EdDSA", "kid": ["x"]}, {})]
)
def test_what_is_no_token_is_refused(token):
    with pytest.raises(Unauthenticated):
        verify_token(token)


@pytest.mark.parametrize(
    "changes",
    [
        {"tenant_id": None},
        {"project_id": None},
        {"sid": None},
        {"sub": "ana"},
        {"tenant_id": 7},
        {"project_id": {"a": 1}},
        {"tenant_id": ""},
    ],
)
def test_a_token_must_name_its_tenant_project_and_user(changes):
    header = {"X-Forwarded-Authorization": f"Bearer {signed(claims(**changes))}"}
    with pytest.raises(Unauthenticated):
        claim_of(header.get)


@pytest.mark.parametrize("claim", ["tenant_id", "project_id", "sub", "sid"])
@pytest.mark.parametrize(
    "spelled", [f"urn:uuid:{ID}", f"{{{ID}}}", ID.hex, f" {ID}", f"{ID.hex[:-1]}_0", "\u0661" * 32]
)
def test_a_token_spells_its_ids_as_usual(claim, spelled):
    with pytest.raises(Unauthenticated, match="sign in first"):
        claim_of({"X-Forwarded-Authorization": f"Bearer {signed(claims(**{claim: spelled}))}"}.get)


def test_the_proof_is_asked_with_ids_and_no_texts():
    values = claim_of({"X-Forwarded-Authorization": f"Bearer {signed(claims(sub=str(ID).upper()))}"}.get).proof.values
    assert values["user_id"] == ID
    assert {type(value) for value in values.values()} == {UUID}


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer  x", "Bearer a b", "Bearer " + "x" * 9000, "Bearer é.é.é"]
)
def test_a_header_that_holds_no_token_is_refused(header):
    with pytest.raises(Unauthenticated):
        claim_of({"X-Forwarded-Authorization": header}.get)


@pytest.mark.parametrize(
    "key",
    [
        "x",
        "vk_",
        "vk_0_x",
        f"vk_{ID}_{'x' * 43}",
        f"vk_{ID.hex}_{'x' * 42}",
        f"vk_{ID.hex}_{'é' * 43}",
        f" vk_{ID.hex}_{'x' * 43}",
    ],
)
def test_what_is_no_api_key_is_refused(key):
    with pytest.raises(Unauthenticated):
        claim_of({"X-API-Key": key}.get)


def test_a_key_says_which_tenant_it_is_of_and_hides_its_secret_from_the_query():
    tenant_id, secret = uuid4(), new_secret()
    claim = claim_of({"X-API-Key": api_key(tenant_id, secret)}.get)
    assert (claim.tenant_id, claim.actor_type) == (tenant_id, ActorType.API_KEY)
    assert claim.proof.values["secret_hash"] == hash_secret(secret)
    assert secret not in str(claim)


def test_one_credential_at_a_time(api, tenant):
    both = {**tenant.admin.headers, **tenant.admin.key.headers}
    answer = api.get(PROFILE, headers=both)
    assert answer.status_code == 401


def test_the_gateways_own_token_is_nobodys(tenant):
    spec = route("GET", PROFILE)
    forwarded = {"X-Forwarded-Authorization": f"Bearer {tenant.admin.token}"}
    assert call(spec, "GET", PROFILE, headers=forwarded).status_code == 200
    assert call(spec, "GET", PROFILE, headers={"Authorization": f"Bearer {tenant.admin.token}"}).status_code == 401


def test_a_token_of_one_tenant_proves_nobody_of_another(api, tenant, other_tenant):
    agent, stranger = tenant.agent, other_tenant.agent
    for ids in (
        {"tenant_id": other_tenant.tenant_id, "user_id": agent.user_id, "project_id": tenant.project_id},
        {"tenant_id": other_tenant.tenant_id, "user_id": agent.user_id, "project_id": other_tenant.project_id},
        {"tenant_id": tenant.tenant_id, "user_id": stranger.user_id, "project_id": tenant.project_id},
        {"tenant_id": tenant.tenant_id, "user_id": agent.user_id, "project_id": other_tenant.project_id},
    ):
        token, _ = issue_token(**ids, session_id=agent.session_id)
        assert api.get(PROFILE, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_api_key_works_for_writes_as_for_reads(api, tenant, world):
    path = f"/api/v1/projects/{tenant.project_id}"
    assert api.patch(path, {"name": "Vendas"}, as_=tenant.admin.key).status_code == 200
    (event,) = world.events("project.updated")
    key_id = world.value("select id from api_keys where user_id = :id", id=tenant.admin.user_id)
    assert event["actor"] == {"type": "api_key", "id": key_id}
    assert api.patch(path, {"name": "Outro"}, as_=tenant.viewer.key).status_code == 403


@pytest.mark.parametrize(
    ("role", "allow", "may"),
    [(Role.ADMIN, Role.AGENT, True), (Role.AGENT, Role.AGENT, True), (Role.VIEWER, Role.AGENT, False)],
)
def test_a_higher_role_may_what_a_lower_one_may(role, allow, may):
    principal = Principal(
        tenant_id=uuid4(), project_id=uuid4(), user_id=uuid4(), role=role, actor=Actor(type=ActorType.USER)
    )
    refusal = nullcontext() if may else pytest.raises(Forbidden, match="this needs the role agent; yours is viewer")
    with traced(), refusal:
        permit(principal, allow)
        assert trace().tenant_id == principal.tenant_id
