"""Whether any forged, stolen, dead or misspelt credential comes in, and whether refusals tell one from another."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import UUID

import jwt
from werkzeug.test import TestResponse

from infra.fakes.oidc import FakeIssuer
from infra.local.keys import make_keys
from infra.local.routes import PUSHED
from shared.kernel.errors import Unauthenticated
from shared.kernel.ids import uuid7
from shared.runtime import identity
from shared.runtime.identity import ActorType, Claim
from shared.runtime.postgres import Connections, connections, sql
from shared.runtime.settings import settings
from shared.runtime.work import engine
from tests.campaigns.token_attacks import Headers, Target, attacks, bearer
from tests.support.environment import environment
from tests.support.gateway import Gateway, gateway
from tests.support.postgres import fresh
from tests.support.tenants import new_tenant

BAR = "0 attacks accepted, 0 answers of 5xx, one and the same refusal for all but its request id"
LONG, QUICK = 512, 24  # how many bits of a good signature are turned
SUBJECT = "f3a1c5d2-ana"
MOST_SHOWN = 10
READ = ("GET", "/api/v1/crm/contacts")
WRITE = ("POST", "/api/v1/crm/contacts")
SUSPEND = "update users set status = 'suspended' where tenant_id = :tenant_id"
END = "update login_sessions set revoked_at = now() where tenant_id = :tenant_id"
LINK = """
insert into external_identities (id, tenant_id, version, user_id, issuer, subject)
values (:id, :tenant_id, 1, :user_id, :issuer, :subject)
"""

Step = Callable[[Gateway, Headers], TestResponse]


def read(door: Gateway, headers: Headers) -> TestResponse:
    return door.ask(*READ, headers)


def write(door: Gateway, headers: Headers) -> TestResponse:
    return door.ask(*WRITE, headers, json={"email": f"{uuid7()}@example.com"})


def pushing(name: str) -> Step:
    return lambda door, headers: door.ask("POST", f"/_functions/{name}", headers, json={})


def measure(admin: Connections, outside: FakeIssuer, flips: int, *only: str) -> dict[str, Any]:
    """Send every attack, or `only` those of these kinds, to a read, a write and one internal function of each kind."""
    target, odd = made(admin, outside), Counter[str]()
    bodies: dict[str, set[str]] = {"public": set(), "internal": set()}
    with gateway() as door:
        internal = {each["kind"]: each["name"] for each in door.functions if each["kind"] in PUSHED}
        steps: dict[str, Step] = {"read": read, "write": write, **{k: pushing(n) for k, n in internal.items()}}
        controls = all(control(door, target, internal))
        sent = [each for kind, found in attacks(target, flips).items() if kind in only or not only for each in found]
        for name, headers in sent:
            for step, ask in steps.items():
                answer = ask(door, headers)
                odd.update(judged(answer.status_code, f"{name} on {step}"))
                bodies["public" if step in {"read", "write"} else "internal"].add(without_id(answer))
    return figures(sent, steps, odd, bodies, controls=controls)


def judged(status: int, what: str) -> Iterator[str]:
    if status >= 500:
        yield f"failed: {what} ({status})"
    elif status != 401:
        yield f"accepted: {what} ({status})"


def without_id(answer: TestResponse) -> str:
    error = (answer.get_json(silent=True) or {}).get("error", {})
    return json.dumps([answer.status_code, {**error, "request_id": ""}], sort_keys=True)


def control(door: Gateway, target: Target, internal: dict[str, str]) -> Iterator[bool]:
    """Whether those come in who may: without them the campaign would prove that the door is walled up."""
    outside = bearer(target.outside.token(target.subject))
    for headers in (target.tenant.admin.headers, target.tenant.admin.key.headers, outside):
        yield read(door, headers).status_code == 200
        yield write(door, headers).status_code == 201
    yield read(door, bearer(target.signed(target.claims()))).status_code == 200
    for name in internal.values():
        yield pushing(name)(door, door.service_token(name)).status_code == 204


def figures(
    sent: list[Any], steps: dict[str, Step], odd: Counter[str], bodies: dict[str, set[str]], *, controls: bool
) -> dict[str, Any]:
    kinds = Counter(each.partition(":")[0] for each in odd)
    different = {f"{kind}_refusals": len(found) for kind, found in bodies.items()}
    return {
        "attacks": len(sent),
        "routes": len(steps),
        "requests": len(sent) * len(steps),
        "accepted": kinds["accepted"],
        "failed": kinds["failed"],
        **different,
        "good_ones_come_in": controls,
        "first_oddities": list(odd)[:MOST_SHOWN],
        "bar": BAR,
        "passed": not odd and controls and set(different.values()) == {1},
    }


def made(admin: Connections, outside: FakeIssuer) -> Target:
    ours, other, suspended, signed_out = (new_tenant(admin, name) for name in ("Aurora", "Boreal", "Cedro", "Dália"))
    target = Target(ours, other, suspended, signed_out, outside, SUBJECT)
    admin.run(
        sql(SUSPEND, tenant_id=target.suspended.tenant_id),
        sql(END, tenant_id=target.signed_out.tenant_id),
        sql(
            LINK,
            id=uuid7(),
            tenant_id=target.tenant.tenant_id,
            user_id=target.tenant.admin.user_id,
            issuer=outside.issuer,
            subject=SUBJECT,
        ),
    )
    return target


@contextmanager
def own_cloud() -> Iterator[tuple[Connections, FakeIssuer]]:
    with fresh("campaign_tokens") as database, TemporaryDirectory(prefix="ventros-keys-") as keys, ExitStack() as stack:
        outside = stack.enter_context(FakeIssuer())
        believed = {"TOKEN_ISSUERS": json.dumps([outside.setting()])}
        given = {**make_keys(Path(keys)).environment(), **database.environment(), **believed}
        stack.enter_context(environment(given))
        stack.callback(lambda: engine(settings().database_url).dispose())
        stack.callback(connections(database.resolver_url).close)
        stack.callback(connections(database.app_url).close)
        yield stack.enter_context(closing(Connections(database.admin_url))), outside


def run(long: bool) -> dict[str, Any]:
    with own_cloud() as (admin, outside):
        return measure(admin, outside, LONG if long else QUICK)


def faulty(*kinds: str) -> dict[str, Any]:
    """By the kinds of attacks by which the fault shows."""
    with own_cloud() as (admin, outside):
        return measure(admin, outside, QUICK, *kinds)


def careless(**options: Any) -> Callable[[str], dict[str, Any]]:
    """A check of tokens that leaves something out."""

    def verify(token: str) -> dict[str, Any]:
        try:
            named = jwt.get_unverified_header(token).get("kid")
            known = {key["kid"]: key for key in identity.public_keys()["keys"]}[named]
            key = jwt.PyJWK(known, algorithm="EdDSA").key
            usual = {"audience": settings().token_audience, "issuer": settings().token_issuer}
            found: dict[str, Any] = jwt.decode(token, key, **{"algorithms": ["EdDSA"], **usual, **options})
        except Exception as error:
            raise Unauthenticated("sign in again") from error
        return found

    return verify


def with_signatures_unchecked() -> dict[str, Any]:
    with patch.object(identity, "verify_token", careless(options={"verify_signature": False})):
        return faulty("spellings")


def with_any_audience() -> dict[str, Any]:
    with patch.object(identity, "verify_token", careless(audience=None, options={"verify_aud": False})):
        return faulty("claims")


def with_sessions_ignored() -> dict[str, Any]:
    proof = identity._PROVE_USER.replace("and s.revoked_at is null", "")
    with patch.object(identity, "_PROVE_USER", proof):
        return faulty("claims")


def with_a_door_for_developers() -> dict[str, Any]:
    true = identity.claim_of

    def claim_of(header: Callable[[str], str | None], scope: str = "") -> Claim:
        user, tenant = header("X-Dev-User-ID"), header("X-Dev-Tenant-ID")
        if not (user and tenant):
            return true(header, scope)
        proof = sql(
            "select project_id, user_id, user_id, role, null, true from memberships where user_id = :user_id",
            user_id=user,
        )
        return Claim(tenant_id=UUID(tenant), proof=proof, actor_type=ActorType.USER)

    with patch("shared.runtime.http.claim_of", claim_of):
        return faulty("transports")


def with_telling_refusals() -> dict[str, Any]:
    with patch.object(identity, "verify_token", careless()):
        return faulty("claims", "credentials")


def with_an_open_back_door() -> dict[str, Any]:
    with patch("infra.local.front.verify"):
        return faulty("credentials")


FAULTS = {
    "signatures_unchecked": with_signatures_unchecked,
    "any_audience": with_any_audience,
    "sessions_ignored": with_sessions_ignored,
    "developers_door": with_a_door_for_developers,
    "telling_refusals": with_telling_refusals,
    "back_door": with_an_open_back_door,
}
