"""Whether every route lets in exactly those whom the policy names, and nobody by default."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from infra.local.front import GATEWAY_ACCOUNT
from infra.local.keys import make_keys
from shared.runtime import identity
from shared.runtime.declarations import Routed
from shared.runtime.identity import Role
from shared.runtime.postgres import Connections, connections, sql
from shared.runtime.settings import settings
from shared.runtime.work import engine
from tests.support.api import Caller
from tests.support.environment import environment
from tests.support.functions import declared
from tests.support.gateway import Gateway, gateway
from tests.support.postgres import Database, fresh
from tests.support.services import WATCHER
from tests.support.tenants import Tenant, new_tenant

POLICY = Path(__file__).with_name("policy.json")
BAR = "0 routes that let in whom the policy does not name, refuse whom it names, or stand in one place only"
LONG, QUICK = 20, 1  # how often each route is asked by each caller
PUBLIC, PROVIDER, INTERNAL, SERVICE = "public", "provider", "internal", "service"
MOST_SHOWN = 10
# At least one door for each kind of policy.
FOR_PEOPLE = {"get_contact", "create_contact", "list_users", "update_user"}
SHOWING = {*FOR_PEOPLE, "login", "receive_waha", "get_metrics", "sweep_sessions"}

Policy = dict[str, str]
Headers = dict[str, str]
SUSPEND = "update users set status = 'suspended' where tenant_id = :tenant_id"
END = "update login_sessions set revoked_at = now() where tenant_id = :tenant_id"
# Asking to be signed out is one of the routes.
SIGN_IN_AGAIN = "update login_sessions set revoked_at = null where tenant_id = :tenant_id"


class Callers:
    """Everybody who could knock: what each sends, and how much they may do (0: they are nobody)."""

    def __init__(self, admin: Connections, door: Gateway) -> None:
        self.tenant, suspended, ended = (new_tenant(admin, name) for name in ("Aurora", "Boreal", "Cedro"))
        admin.run(sql(SUSPEND, tenant_id=suspended.tenant_id), sql(END, tenant_id=ended.tenant_id))
        self.door = door
        self.known: dict[str, tuple[int, Callable[[str], Headers]]] = {
            "anonymous": (0, lambda _: {}),
            **self._people(self.tenant),
            "suspended": (0, lambda _: suspended.admin.headers),
            "suspended_key": (0, lambda _: suspended.admin.key.headers),
            "signed_out": (0, lambda _: ended.admin.headers),
            "dev_headers": (0, lambda _: dev_headers(self.tenant)),
            "gateway": (0, lambda name: door.service_token(name, GATEWAY_ACCOUNT)),
            "internal": (0, door.service_token),
            "service": (0, sending(WATCHER)),
        }

    @staticmethod
    def _people(tenant: Tenant) -> dict[str, tuple[int, Callable[[str], Headers]]]:
        found: dict[str, tuple[int, Callable[[str], Headers]]] = {}
        for person in tenant.people:
            name = person.role.name.lower()
            found[name] = person.role.value, sending(person)
            found[f"{name}_key"] = person.role.value, sending(person.key)
        return found


def sending(caller: Caller) -> Callable[[str], Headers]:
    return lambda _: caller.headers


def dev_headers(tenant: Tenant) -> Headers:
    """What a backdoor for developers would listen to."""
    return {
        "X-Dev-User-ID": str(tenant.admin.user_id),
        "X-Dev-Tenant-ID": str(tenant.tenant_id),
        "X-Dev-Project-ID": str(tenant.project_id),
        "X-Dev-Role": "admin",
    }


def policy() -> Policy:
    """Who may use which route, as it was decided and not as it was declared."""
    read: Policy = json.loads(POLICY.read_text())
    return read


def route_of(function: dict[str, Any]) -> str:
    trigger = function["trigger"]
    return f"{trigger['method']} {trigger['path']}" if "path" in trigger else f"POST /_functions/{function['name']}"


def measure(admin: Connections, decided: Policy, rounds: int, only: set[str] | None = None) -> dict[str, Any]:
    """Let everybody knock at every door, or at those of `only` these functions."""
    breaches: list[str] = []
    requests = 0
    with gateway() as door:
        callers = Callers(admin, door)
        there = [each for each in door.functions if each["kind"] not in {"service", "preflight"}]
        asked = [each for each in there if only is None or each["name"] in only]
        for function in asked * rounds:
            for caller in callers.known:
                requests += 1
                breaches.extend(knock(callers, function, caller, decided.get(route_of(function), "nobody")))
            admin.run(sql(SIGN_IN_AGAIN, tenant_id=callers.tenant.tenant_id))
        gone = decided.keys() - {route_of(each) for each in there}
    breaches.extend(f"{route} is in the policy but not there" for route in sorted(gone))
    return {
        "routes": len(asked),
        "callers": len(callers.known),
        "requests": requests,
        "breaches": len(breaches),
        "first_breaches": breaches[:MOST_SHOWN],
        "bar": BAR,
        "passed": not breaches and requests > 0,
    }


def knock(callers: Callers, function: dict[str, Any], caller: str, allowed: str) -> Iterator[str]:
    """Ask once; what is said of it is a breach."""
    rank, headers = callers.known[caller]
    route = route_of(function)
    method, _, path = route.partition(" ")
    body: dict[str, Any] = {} if method == "GET" else {"json": {}}
    sent = headers(function["name"])
    status = callers.door.ask(method, re.sub(r"{\w+}", lambda _: str(uuid4()), path), sent, **body).status_code
    wanted = verdict(allowed, caller, rank)
    if status >= 500 or seen(status, allowed) != wanted:
        yield f"{route} ({allowed}) answers {status} to {caller}, who should be {wanted}"


def verdict(allowed: str, caller: str, rank: int) -> str:
    """What the policy wants for a caller: in, forbidden or unknown."""
    if allowed == PUBLIC:
        return "in"
    if allowed == INTERNAL:
        return {"internal": "in", "gateway": "forbidden"}.get(caller, "unknown")
    if allowed == SERVICE and caller == SERVICE:
        return "in"
    if allowed in {PROVIDER, SERVICE, "nobody"} or rank == 0:
        return "unknown"
    return "in" if rank >= Role.named(allowed) else "forbidden"


def seen(status: int, allowed: str) -> str:
    # A provider's door is an address that only the provider knows: to others it is not there.
    shut = {401: "unknown", 403: "forbidden", **({404: "unknown"} if allowed == PROVIDER else {})}
    return shut.get(status, "in")


@contextmanager
def own_database() -> Iterator[tuple[Database, Connections]]:
    with fresh("campaign_roles") as database, TemporaryDirectory(prefix="ventros-keys-") as keys, ExitStack() as stack:
        stack.enter_context(environment({**make_keys(Path(keys)).environment(), **database.environment()}))
        stack.callback(lambda: engine(settings().database_url).dispose())
        stack.callback(connections(database.app_url).close)
        yield database, stack.enter_context(closing(Connections(database.admin_url)))


def run(long: bool) -> dict[str, Any]:
    with own_database() as (_, admin):
        return measure(admin, policy(), LONG if long else QUICK)


def faulty(decided: Policy) -> dict[str, Any]:
    """At the doors at which the faults show."""
    with own_database() as (_, admin):
        return measure(admin, decided, QUICK, SHOWING)


def with_roles_unchecked() -> dict[str, Any]:
    with patch("shared.runtime.http.permit"), patch("shared.runtime.work.permit"):
        return faulty(policy())


def with_the_suspended_let_in() -> dict[str, Any]:
    careless = identity._PROVE_USER.replace("and u.status = 'active'", "")
    with patch.object(identity, "_PROVE_USER", careless):
        return faulty(policy())


def with_sessions_never_ending() -> dict[str, Any]:
    careless = identity._PROVE_USER.replace("and s.revoked_at is null", "")
    with patch.object(identity, "_PROVE_USER", careless):
        return faulty(policy())


def with_one_route_loosened() -> dict[str, Any]:
    """Somebody declares a route for viewers that was decided to be for admins."""
    (route,) = (each for each in declared(Routed) if each.name == "update_user")
    object.__setattr__(route, "allow", Role.VIEWER)
    try:
        return faulty(policy())
    finally:
        object.__setattr__(route, "allow", Role.ADMIN)


def with_a_route_nobody_decided_on() -> dict[str, Any]:
    return faulty({route: allowed for route, allowed in policy().items() if not route.endswith("/users")})


def with_an_open_back_door() -> dict[str, Any]:
    with patch("infra.local.front.verify"):
        return faulty(policy())


FAULTS = {
    "roles_unchecked": with_roles_unchecked,
    "suspended_let_in": with_the_suspended_let_in,
    "sessions_never_end": with_sessions_never_ending,
    "route_loosened": with_one_route_loosened,
    "route_undecided": with_a_route_nobody_decided_on,
    "back_door": with_an_open_back_door,
}
