"""Whether any operation tells one tenant anything of another, or of another project, wherever an id may stand."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from werkzeug.test import TestResponse

from infra.fakes.oidc import FakeIssuer
from infra.local.keys import make_keys
from infra.manifest import declarations
from migrations.support import TENANT
from shared.runtime import http, work
from shared.runtime.declarations import Routed
from shared.runtime.http import Endpoint
from shared.runtime.identity import SERVICE, Allow, Role, new_secret
from shared.runtime.postgres import Sql, connections, sql
from tests.support import operations
from tests.support.api import Api, Caller
from tests.support.attempts import forget_attempts
from tests.support.clock import make_movable
from tests.support.environment import disconnect, environment
from tests.support.estate import Estate, beside, record_all, settle
from tests.support.operations import Place, Question, Unprepared
from tests.support.postgres import Database, fresh
from tests.support.provider import answering
from tests.support.services import WATCHER
from tests.support.tenants import Tenant, new_tenant
from tests.support.world import World

BAR = "0 leaks and 0 writes over all cells, 0 wrong answers by role, every operation and every place covered"
MOST_NAMED = 10
_TABLES = "select tablename from pg_tables where schemaname = 'public' order by 1"
# What stands for an id that leads nowhere, beside 404: a sign-in says 401, a filter finds nothing.
# A person is the tenant's, and so are their sign-ins and other ways in, whatever project they are for.
OF_THE_TENANT = {"tenant", "user", "login_session", "external_identity"}
ELSEWHERE = {("login", "body"): 401}


@dataclass
class Tally:
    """What came of the questions; each entry of the lists says where. `state` is all there was when last looked at."""

    state: list[Any]
    cells: int = 0
    role_cells: int = 0
    leaks: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    role_mismatches: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)
    useless: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Field:
    """The two tenants, and the second project of ours."""

    world: World
    api: Api
    ours: Estate
    strangers: dict[str, dict[str, str]]

    def state(self) -> list[Any]:
        """All rows of all tables, in short."""
        return [rows[0] for rows in self.world.admin.run(*_fingerprints(self.world))]


def _fingerprints(world: World) -> list[Sql]:
    tables = (row["tablename"] for row in world.rows(_TABLES))
    # When a key was used last is no change that anybody asks for.
    row = "(to_jsonb(row) - 'last_used_at')::text"
    return [sql(f"select md5(string_agg({row}, '' order by {row})) from {name} as row") for name in tables]


def lay_out(world: World) -> Field:
    api = Api()
    ours, theirs = (new_tenant(world.admin, name) for name in ("Aurora", "Boreal"))
    estates = {"ours": settle(world, api, ours), "theirs": settle(world, api, theirs)}
    neighbour = settle(world, api, beside(world, ours))
    record_all(world)
    strangers = {
        "another tenant's": estates["theirs"].live,
        "another tenant's, gone": estates["theirs"].gone,
        "another project's": {kind: found for kind, found in neighbour.live.items() if kind not in OF_THE_TENANT},
    }
    return Field(world, api, estates["ours"], strangers)


def measure(database: Database, *, long: bool = False, only: set[str] | None = None) -> dict[str, Any]:
    """Ask every operation everything, as an admin; in the long form with a key and as everybody else too.

    Or of `only` these operations.
    """
    setting = lay_out(World(database))
    routed = [each for each in declarations() if isinstance(each, Routed) and (only is None or each.name in only)]
    with answering(setting.world):
        tally = Tally(setting.state())
        for declared in routed:
            cover(setting, declared, tally, long=long)
        for declared in sorted(routed, key=_harm):
            prove(setting, declared, tally)
    return figures(tally, len(routed))


def cover(setting: Field, declared: Routed, tally: Tally, *, long: bool) -> None:
    """Fill the cells of one operation: each place with each stranger's id, compared with an id of nobody."""
    try:
        found = operations.places(declared, setting.ours)
    except (Unprepared, TypeError) as error:
        tally.uncovered.append(str(error))
        return
    for place in found:
        for caller in callers(setting.ours.tenant, declared, long=long):
            fill(setting, place, caller, tally)


def callers(tenant: Tenant, declared: Routed, *, long: bool) -> list[Caller | None]:
    """Who asks: whoever may do most; in the long form all who may."""
    if not isinstance(declared.allow, Role):
        return [_outsider(declared.allow)]
    allowed = [person for person in tenant.people if person.role >= declared.allow]
    return [*allowed, *(person.key for person in allowed)] if long else [tenant.admin]


def fill(setting: Field, place: Place, caller: Caller | None, tally: Tally) -> None:
    nobodys = place.with_id(of_nobody(place)).ask(setting.api, caller)
    if not is_nothing(place, nobodys):
        tally.leaks.append(f"{place}: {nobodys.status_code} for an id of nobody")
    for whose, value in of_strangers(setting, place):
        tally.cells += 1
        if seen(place.with_id(value).ask(setting.api, caller)) != seen(nobodys):
            tally.leaks.append(f"{place}: {whose} id is told from one of nobody")
    if is_changed(setting, tally):
        tally.writes.append(str(place))


def is_changed(setting: Field, tally: Tally) -> bool:
    """Whether any row is another one than when it was looked last."""
    before, tally.state = tally.state, setting.state()
    return tally.state != before


def of_nobody(place: Place) -> str:
    return f"{uuid4().hex}.{new_secret()}" if place.kind == "token" else str(uuid4())


def of_strangers(setting: Field, place: Place) -> Iterator[tuple[str, str]]:
    """The ids that a stranger has of that kind. A token is its tenant's id and a secret: ours, under their id."""
    if place.kind == "token":
        tenant, secret = setting.strangers["another tenant's"]["tenant"], operations.token_of(setting.ours)
        yield "another tenant's", f"{tenant.replace('-', '')}.{secret.partition('.')[2]}"
        return
    for whose, ids in setting.strangers.items():
        if place.kind in ids:
            yield whose, ids[place.kind]


def is_nothing(place: Place, answer: TestResponse) -> bool:
    """Whether an answer says that an id leads nowhere, as it must where it stands."""
    if place.where == "cursor":
        return answer.status_code == 200
    if place.where == "filter" and answer.status_code == 200:
        return not answer.get_json()["data"]
    return answer.status_code == ELSEWHERE.get((place.declared.name, place.where), 404)


def seen(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a caller can see of an answer; when the next place is free goes by the clock."""
    headers = sorted(each for each in answer.headers if each[0] != "X-RateLimit-Reset")
    return answer.status_code, answer.data, headers


def _harm(declared: Routed) -> tuple[int, bool]:
    """What changes least is tried first, so that it still finds what it asks for."""
    order = ["GET", "PUT", "POST", "PATCH", "DELETE"].index(declared.method)
    return (order, declared.name == "close_session") if declared.name != "logout" else (9, True)


def prove(setting: Field, declared: Routed, tally: Tally) -> None:
    """Ask about our own things: who may is answered, who may not is refused and changes nothing."""
    try:
        asked = operations.questions(declared, setting.ours)
    except Unprepared:
        return
    tenant, allow = setting.ours.tenant, declared.allow
    tally.state = setting.state()
    for caller, status in _refused(tenant, allow):
        judge(setting, asked[0], caller, {status}, tally)
    if is_changed(setting, tally):
        tally.writes.append(f"{declared.name} by whoever may not")
    for each in asked:
        judge(setting, each, tenant.admin if isinstance(allow, Role) else _outsider(allow), _good(declared), tally)


def _outsider(allow: Allow) -> Caller | None:
    """Who is none of a tenant's people and may ask all the same."""
    return WATCHER if allow is SERVICE else None


def _refused(tenant: Tenant, allow: Allow) -> list[tuple[Caller | None, int]]:
    """Who may not ask, and what each is told."""
    if isinstance(allow, Role):
        return [(None, 401), (WATCHER, 401), *((each, 403) for each in _below(tenant, allow))]
    people = [(person, 401) for person in tenant.people] if allow is SERVICE else []
    return [(None, 401), *people] if people else []


def _below(tenant: Tenant, allow: Role) -> list[Caller]:
    lower = [person for person in tenant.people if person.role < allow]
    return [*lower, *(person.key for person in lower)]


def _good(declared: Routed) -> set[int]:
    """What a good question is answered with; a provider's entry asks for a signature, which these do not have."""
    return declared.successes if isinstance(declared, Endpoint) else {401}


def judge(setting: Field, asked: Question, caller: Caller | None, expected: set[int], tally: Tally) -> None:
    tally.role_cells += 1
    answer = asked.ask(setting.api, caller)
    if answer.status_code not in expected:
        what = f"{asked.declared.name}: {answer.status_code} where {expected} was expected"
        (tally.useless if expected == _good(asked.declared) else tally.role_mismatches).append(what)


def figures(tally: Tally, routed: int) -> dict[str, Any]:
    trouble = (tally.leaks, tally.writes, tally.role_mismatches, tally.uncovered, tally.useless)
    return {
        "operations": routed,
        "cells": tally.cells,
        "leaks": len(tally.leaks),
        "writes": len(tally.writes),
        "role_cells": tally.role_cells,
        "role_mismatches": len(tally.role_mismatches),
        "uncovered": len(tally.uncovered),
        # A question that would not be answered even about our own things proves nothing.
        "useless_questions": len(tally.useless),
        "first": [each for found in trouble for each in found[:MOST_NAMED]],
        "bar": BAR,
        "passed": tally.cells > 0 and not any(trouble),
    }


@contextmanager
def own_database(**changed: str) -> Iterator[Database]:
    """A database of the campaign's own; `changed` settings name one of its ways in, as `database_url="admin_url"`."""
    with fresh("campaign_cross_tenant") as database, tempfile.TemporaryDirectory() as folder:
        make_movable(database)
        ways = {name.upper(): getattr(database, way) for name, way in changed.items()}
        keys = make_keys(Path(folder)).environment()
        with outside_issuer() as believed, environment({**keys, **believed, **database.environment(), **ways}):
            forget_attempts(connections(database.admin_url))
            yield database
            disconnect(
                database.app_url,
                database.relay_url,
                database.resolver_url,
                database.observer_url,
                database.admin_url,
            )


@contextmanager
def outside_issuer() -> Iterator[dict[str, str]]:
    """An issuer that is believed, and a token of its to link; the settings that name it."""
    with FakeIssuer() as outside:
        linking = {"link_external_identity": lambda _: [{"token": outside.token("ana")}]}
        with patch.dict(operations.BODIES, linking):
            yield {"TOKEN_ISSUERS": json.dumps([outside.setting()])}


def run(long: bool) -> dict[str, Any]:
    with own_database() as database:
        return measure(database, long=long)


def with_a_role_above_row_security() -> dict[str, Any]:
    with own_database(database_url="admin_url") as database:
        return measure(database, only={"get_contact", "list_contact_events"})


def with_one_table_unsecured() -> dict[str, Any]:
    with own_database() as database:
        connections(database.admin_url).run(sql("alter table messages disable row level security"))
        return measure(database, only={"get_message", "list_messages"})


def with_projects_unseparated() -> dict[str, Any]:
    """The policies tell tenants apart, but not their projects."""
    with own_database() as database:
        admin = connections(database.admin_url)
        tables = admin.run(sql("select tablename from pg_policies where qual like '%app.project_id%'"))[0]
        admin.run(*(sql(f"alter policy tenant on {name} using ({TENANT}) with check ({TENANT})") for (name,) in tables))
        return measure(database, only={"get_contact", "list_contact_events"})


def with_a_route_unprepared() -> dict[str, Any]:
    less = {name: body for name, body in operations.BODIES.items() if name != "create_message"}
    with own_database() as database, patch.object(operations, "BODIES", less):
        return measure(database, only={"create_message", "get_message"})


def with_nobody_refused() -> dict[str, Any]:
    """Whoever is known may do everything."""
    with own_database() as database, patch.object(http, "permit"), patch.object(work, "permit"):
        return measure(database, only={"list_users", "update_user"})


FAULTS = {
    "role_above": with_a_role_above_row_security,
    "table_unsecured": with_one_table_unsecured,
    "projects_unseparated": with_projects_unseparated,
    "route_unprepared": with_a_route_unprepared,
    "nobody_refused": with_nobody_refused,
}
