import json
import time

import jwt
import pytest

from infra.fakes.oidc import FakeIssuer
from shared.kernel.errors import Unauthenticated, Unavailable
from shared.runtime import issuers
from shared.runtime.identity import issue_token, verify_outside_token
from tests.support.environment import environment

PROFILE = "/api/v1/auth/profile"
LINK = "/api/v1/auth/external-identities"


class Clock:
    """The time as the key cache sees it."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.true = time.monotonic

    def monotonic(self) -> float:
        return self.true() + self.ahead


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    return clock


@pytest.fixture
def keycloak(clock):
    with FakeIssuer() as fake, environment({"TOKEN_ISSUERS": json.dumps([fake.setting()])}):
        yield fake


def refused(token):
    try:
        verify_outside_token(token)
    except Unauthenticated:
        return True
    return False


def test_a_token_proves_issuer_and_subject_and_nothing_else(keycloak):
    assert verify_outside_token(keycloak.token("ana", tenant_id="any", role="admin")) == (keycloak.issuer, "ana")


def test_a_token_of_an_issuer_that_is_not_believed_is_none_of_its_business(keycloak):
    with FakeIssuer() as other:
        assert verify_outside_token(other.token("ana")) is None
        assert other.fetched == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "somebody-else"},
        {"aud": "ventros"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": float("inf")},
        {"exp": "soon"},
        {"exp": 1 << 40},
        {"exp": True},
        {"exp": f"{1 << 33}"},
        {"nbf": 1 << 40},
        {"nbf": True},
        {"iat": True},
        {"iat": "1"},
        {"iat": 1 << 40},
        {"iat": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "a\0b"},
        {"sub": "a\nb"},
        {"sub": "a\x7f"},
        {"sub": "a\u202e"},
        {"sub": "\ud800"},
        {"sub": " "},
        {"sub": "\u2007"},
        {"sub": None},
    ],
)
def test_a_token_for_another_time_or_place_is_refused(keycloak, changes):
    assert refused(keycloak.token("ana", **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": "Logout"},
        {"typ": "bearer"},
        {"typ": 5},
        {"typ": None, "nonce": "n"},
        {"typ": None, "at_hash": "h"},
        {"at_hash": "h"},
        {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        {"cnf": {"jkt": "x"}},
    ],
)
def test_a_token_for_another_purpose_is_refused(keycloak, changes):
    assert refused(keycloak.token("ana", **changes))


def test_an_older_keycloak_repeats_the_nonce_in_what_it_says_is_an_access_token(keycloak):
    assert verify_outside_token(keycloak.token("ana", nonce="n"))


def test_a_token_need_not_say_its_purpose(keycloak):
    assert verify_outside_token(keycloak.token("ana", typ=None))


def test_its_header_may_say_that_it_is_an_access_token_and_nothing_else(keycloak):
    for kind, good in (("at+jwt", True), ("application/at+JWT", True), ("logout+jwt", False), ("dpop+jwt", False)):
        header = {"kid": keycloak.key_id, "typ": kind}
        assert refused(jwt.encode(keycloak.claims("ana"), keycloak.key, "RS256", header)) is not good


@pytest.mark.parametrize(("operations", "good"), [(["verify"], True), (["encrypt", "wrapKey"], False), ([], False)])
def test_a_key_that_is_published_for_something_else_verifies_nothing(keycloak, monkeypatch, operations, good):
    keys = [{**keycloak.jwks()["keys"][0], "key_ops": operations}, {**keycloak.jwks()["keys"][0], "kid": "other"}]
    monkeypatch.setattr(keycloak, "jwks", lambda: {"keys": keys})
    assert refused(keycloak.token("ana")) is not good


def test_the_algorithm_is_the_configured_one(keycloak):
    for algorithm in ("RS512", "PS256"):
        assert refused(jwt.encode(keycloak.claims("ana"), keycloak.key, algorithm, {"kid": keycloak.key_id}))
    assert refused(jwt.encode(keycloak.claims("ana"), "x" * 64, "HS256", {"kid": keycloak.key_id}))


def test_a_short_key_is_refused():
    with FakeIssuer(bits=1024) as weak, environment({"TOKEN_ISSUERS": json.dumps([weak.setting()])}):
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            token = weak.token("ana")
        assert refused(token)


def test_a_token_must_name_its_key(keycloak):
    assert refused(jwt.encode(keycloak.claims("ana"), keycloak.key, "RS256"))


def test_unknown_keys_are_asked_for_at_most_every_thirty_seconds(keycloak, clock):
    forged = [jwt.encode(keycloak.claims("ana"), keycloak.key, "RS256", {"kid": f"{n}"}) for n in range(50)]
    assert all(map(refused, forged))
    assert keycloak.fetched == 1
    clock.ahead += 31
    assert all(map(refused, forged))
    assert keycloak.fetched == 2


def test_they_are_not_asked_for_more_often_when_the_issuer_is_away(keycloak, clock):
    verify_outside_token(keycloak.token("ana"))
    keycloak.fail("error_500")
    clock.ahead += 31
    forged = [jwt.encode(keycloak.claims("ana"), keycloak.key, "RS256", {"kid": f"{n}"}) for n in range(50)]
    assert all(map(refused, forged))
    assert keycloak.fetched == 2


def test_a_new_key_is_good_after_the_cooldown_and_the_old_one_is_gone(keycloak, clock):
    old = keycloak.token("ana")
    verify_outside_token(old)
    keycloak.rotate()
    clock.ahead += 31
    assert verify_outside_token(keycloak.token("ana"))
    assert refused(old)


def test_a_withdrawn_key_is_refused_within_its_lifespan(keycloak, clock):
    old = keycloak.token("ana")
    verify_outside_token(old)
    keycloak.rotate()
    assert verify_outside_token(old)
    clock.ahead += issuers.LIFESPAN + 1
    assert refused(old)


@pytest.mark.parametrize("fault", ["error_500", "html", "no_keys", "redirect", "huge", "drop"])
def test_known_keys_outlive_the_issuers_absence(keycloak, clock, fault):
    token = keycloak.token("ana")
    verify_outside_token(token)
    keycloak.fail(fault)
    clock.ahead += 10 * issuers.LIFESPAN
    assert verify_outside_token(token)
    clock.ahead += issuers.LONGEST_KEPT
    with pytest.raises(Unavailable):
        verify_outside_token(token)


@pytest.mark.parametrize("fault", ["error_500", "html", "redirect", "huge", "drop", "slow"])
def test_nobody_is_let_in_by_an_issuer_that_cannot_be_asked(keycloak, clock, monkeypatch, fault):
    keycloak.fail(fault)
    token = keycloak.token("ana")
    with monkeypatch.context() as impatient:
        impatient.setattr(issuers, "TIMEOUT", 0.3)
        for _ in range(3):
            with pytest.raises(Unavailable):
                verify_outside_token(token)
    assert keycloak.fetched == 1
    keycloak.fail(None)
    clock.ahead += issuers.FIRST_COOLDOWN + 1
    assert verify_outside_token(token)


def test_a_published_secret_signs_nothing(keycloak):
    keycloak.fail("oct_key")
    claims, header = keycloak.claims("ana"), {"kid": keycloak.key_id}
    for token in (keycloak.token("ana"), jwt.encode(claims, "secret".ljust(32), "HS256", header)):
        assert refused(token)


@pytest.mark.parametrize("algorithms", [[], ["HS256"], ["none"], ["RS256", "HS512"]])
def test_only_signatures_that_cannot_be_made_by_who_checks_them(algorithms):
    entry = {"issuer": "https://a", "audience": "b", "jwks_url": "https://c", "algorithms": algorithms}
    with environment({"TOKEN_ISSUERS": json.dumps([entry])}), pytest.raises(ValueError, match="algorithms"):
        issuers.outside_issuers()


def test_a_linked_person_comes_in_with_their_own_role(keycloak, api, tenant, world):
    token = keycloak.token("ana", role="admin", tenant_id="other")
    bearer = {"Authorization": f"Bearer {token}"}
    assert api.get(PROFILE, headers=bearer).status_code == 401
    assert api.post(LINK, {"token": token}, as_=tenant.agent).status_code == 201
    profile = api.get(PROFILE, headers=bearer).json
    assert (profile["user_id"], profile["role"]) == (str(tenant.agent.user_id), "agent")
    assert api.post("/api/v1/auth/logout", headers=bearer).json["error"]["code"] == "no_session"
    world.run("update users set status = 'suspended' where id = :id", id=tenant.agent.user_id)
    assert api.get(PROFILE, headers=bearer).status_code == 401


@pytest.mark.parametrize("subject", ["\ud800", "a\nb", " "])
def test_nobody_can_be_called_what_cannot_be_written_down(keycloak, api, tenant, subject):
    token = keycloak.token(subject)
    assert api.get(PROFILE, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    answer = api.post(LINK, {"token": token}, as_=tenant.agent)
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "bad_outside_token")


def test_an_instance_that_never_saw_the_issuer_says_try_again(keycloak, api, tenant):
    keycloak.fail("error_500")
    answer = api.get(PROFILE, headers={"Authorization": f"Bearer {keycloak.token('ana')}"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_our_own_tokens_do_not_need_the_outside_issuer(keycloak, api, tenant):
    keycloak.fail("error_500")
    assert api.get(PROFILE, as_=tenant.agent).status_code == 200
    ids = {"tenant_id": tenant.tenant_id, "user_id": tenant.agent.user_id, "project_id": tenant.project_id}
    assert verify_outside_token(issue_token(**ids, session_id=tenant.agent.session_id)[0]) is None
    assert keycloak.fetched == 0
