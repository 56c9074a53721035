"""Whether two tenants ever see each other through pooled connections, whatever goes wrong in between."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import UUID

from sqlalchemy import text

from shared.kernel.ids import uuid7
from shared.runtime import identity, work
from shared.runtime.identity import Claim, claim_of
from shared.runtime.postgres import Connections, Row, Sql, is_lost, sql, sqlstate
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork, engine, unit_of_work
from tests.support.environment import environment
from tests.support.postgres import Database, fresh
from tests.support.tenants import Tenant, new_tenant

WORKERS = 4
CONTACTS = 12
LONG, QUICK, WITH_FAULT = 100_000, 6_000, 800
BAR = "0 rows of another tenant seen, 0 written, 0 requests that ended otherwise than they must"

ALL = sql("select tenant_id from contacts")
SOON = sql("select set_config('statement_timeout', '5ms', true)")
SLEEP = sql("select pg_sleep(2)")
BREAK = sql("select 1 / 0")
END = sql("select pg_terminate_backend(pg_backend_pid())")
INSERT = """
insert into contacts (id, tenant_id, project_id, version, source)
values (:id, :tenant_id, :project_id, 1, 'api') returning tenant_id
"""
LINK = """
insert into contact_identities (tenant_id, project_id, kind, value, contact_id)
values (:tenant_id, :project_id, 'external_id', :value, :contact_id) returning tenant_id
"""


class Abandon(Exception):
    """The request's own code gives up in the middle of a transaction."""


@dataclass
class Tally:
    """What one worker saw."""

    requests: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    own_rows: int = 0
    foreign_rows: int = 0
    foreign_writes: int = 0


@dataclass(frozen=True)
class Side:
    """A tenant as a request knows it: how it proves itself, and one contact of its own."""

    tenant_id: UUID
    project_id: UUID
    claim: Claim
    contact_id: UUID


@dataclass(frozen=True)
class Request:
    """One request of one tenant; `theirs` is the other one."""

    ours: Side
    theirs: Side
    pool: Connections
    tally: Tally

    def see(self, rows: list[Row]) -> None:
        own = sum(row[0] == str(self.ours.tenant_id) for row in rows)
        self.tally.own_rows += own
        self.tally.foreign_rows += len(rows) - own

    def ask(self, *statements: Sql) -> list[list[Row]]:
        """A read as endpoints do it; the rows of the statements alone."""
        return self.pool.run(identity.tenant_scope(self.ours.tenant_id), *statements)[1:]

    def change(self, uow: UnitOfWork) -> None:
        """Change every contact there is: the tenant's own, if all is well."""
        lock = sql("select pg_advisory_xact_lock(hashtext(:key))", key=str(self.ours.tenant_id))
        rename = sql("update contacts set name = :name returning tenant_id", name=str(random.random()))
        self.see(uow.run(lock, rename)[1])


def read(request: Request) -> None:
    claim = request.ours.claim
    request.see(request.pool.run(claim.begin(), claim.proof, ALL)[2])


def read_through_the_orm(request: Request) -> None:
    with unit_of_work(request.ours.tenant_id) as uow:
        request.see([(str(found),) for found in uow.session.scalars(text(ALL.text))])


def read_before_a_tenant_is_known(request: Request) -> None:
    request.tally.foreign_rows += len(request.pool.run(ALL)[0])
    with engine(settings().database_url).connect() as connection:
        request.tally.foreign_rows += len(connection.execute(text(ALL.text)).all())


def read_theirs(request: Request) -> None:
    one = sql("select tenant_id from contacts where id = :id", id=request.theirs.contact_id)
    request.see(request.ask(one)[0])


def change_all(request: Request) -> None:
    with unit_of_work(request.ours.tenant_id) as uow:
        request.change(uow)
        uow.commit()


def change_all_and_give_up(request: Request) -> None:
    with unit_of_work(request.ours.tenant_id) as uow:
        request.change(uow)
        raise Abandon


def be_cancelled(request: Request) -> None:
    request.ask(SOON, ALL, SLEEP, ALL)


def be_cancelled_while_changing(request: Request) -> None:
    with unit_of_work(request.ours.tenant_id) as uow:
        request.change(uow)
        uow.run(SOON, SLEEP)


def fail_midway(request: Request) -> None:
    request.ask(ALL, BREAK, ALL)


def fail_midway_while_changing(request: Request) -> None:
    with unit_of_work(request.ours.tenant_id) as uow:
        request.change(uow)
        uow.run(ALL, BREAK, ALL)


def lose_the_connection(request: Request) -> None:
    request.ask(ALL, END)


def write_for_them(request: Request) -> None:
    theirs = request.theirs
    written = request.ask(sql(INSERT, id=uuid7(), tenant_id=theirs.tenant_id, project_id=theirs.project_id))
    request.tally.foreign_writes += len(written[0])


def hang_on_theirs(request: Request) -> None:
    ours = request.ours
    facts = {"tenant_id": ours.tenant_id, "project_id": ours.project_id, "value": str(uuid7())}
    written = request.ask(sql(LINK, contact_id=request.theirs.contact_id, **facts))
    request.tally.foreign_writes += len(written[0])


Step = Callable[[Request], None]
# How each must end ("" is: well), and how often it comes among a hundred.
STEPS: dict[Step, tuple[str, int]] = {
    read: ("", 25),
    read_through_the_orm: ("", 10),
    read_before_a_tenant_is_known: ("", 15),
    read_theirs: ("", 12),
    change_all: ("", 8),
    change_all_and_give_up: ("Abandon", 6),
    be_cancelled: ("57014", 3),
    be_cancelled_while_changing: ("57014", 2),
    fail_midway: ("22012", 6),
    fail_midway_while_changing: ("22012", 4),
    lose_the_connection: ("lost", 1),
    write_for_them: ("42501", 4),
    hang_on_theirs: ("23503", 4),
}


def perform(step: Step, request: Request) -> None:
    """Make one request and note it when it ends otherwise than it must."""
    try:
        step(request)
        ended = ""
    except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
        ended = "lost" if is_lost(error) else sqlstate(error) or type(error).__name__
    request.tally.requests[step.__name__] += 1
    if ended != STEPS[step][0]:
        request.tally.odd[f"{step.__name__}: {ended or 'went well'}"] += 1


def measure(database: Database, requests: int) -> dict[str, Any]:
    """Let the workers make that many requests of both tenants against the database that the settings name."""
    url = settings().database_url
    with closing(Connections(database.admin_url)) as admin, closing(Connections(url)) as pool:
        sides = [side(admin, new_tenant(admin, name)) for name in ("Aurora", "Boreal")]
        with ThreadPoolExecutor(WORKERS) as workers:
            shares = [(pool, sides, requests // WORKERS, random.Random(seed)) for seed in range(WORKERS)]
            tallies = list(workers.map(lambda share: labour(*share), shares))
    engine(url).dispose()
    return figures(tallies)


def labour(pool: Connections, sides: list[Side], requests: int, chance: random.Random) -> Tally:
    """One worker's requests, each of either tenant as chance has it."""
    tally = Tally()
    steps = chance.choices(list(STEPS), weights=[weight for _, weight in STEPS.values()], k=requests)
    for step in steps:
        ours, theirs = chance.sample(sides, 2)
        perform(step, Request(ours, theirs, pool, tally))
    return tally


def side(admin: Connections, tenant: Tenant) -> Side:
    ids = [uuid7() for _ in range(CONTACTS)]
    facts = {"tenant_id": tenant.tenant_id, "project_id": tenant.project_id}
    admin.run(*(sql(INSERT, id=each, **facts) for each in ids))
    return Side(tenant.tenant_id, tenant.project_id, claim_of(tenant.agent.key.headers.get), ids[0])


def figures(tallies: list[Tally]) -> dict[str, Any]:
    by_kind, odd = Counter[str](), Counter[str]()
    for each in tallies:
        by_kind += each.requests
        odd += each.odd
    seen = {
        name: sum(getattr(each, name) for each in tallies) for name in ("own_rows", "foreign_rows", "foreign_writes")
    }
    clean = not odd and not seen["foreign_rows"] and not seen["foreign_writes"]
    return {
        "requests": by_kind.total(),
        **seen,
        "odd_endings": dict(odd),
        "by_kind": dict(sorted(by_kind.items())),
        "bar": BAR,
        # A run that saw nothing at all proves nothing.
        "passed": clean and seen["own_rows"] > by_kind.total() and by_kind.keys() == {each.__name__ for each in STEPS},
    }


@contextmanager
def own_database(**changed: str) -> Iterator[Database]:
    """A database of the campaign's own; `changed` settings name one of its ways in, as `database_url="admin_url"`."""
    with fresh("campaign_rls") as database:
        settings_of_it = {name.upper(): getattr(database, way) for name, way in changed.items()}
        with environment({**database.environment(), **settings_of_it}):
            yield database


def run(long: bool) -> dict[str, Any]:
    with own_database() as database:
        return measure(database, LONG if long else QUICK)


def with_a_setting_that_stays() -> dict[str, Any]:
    """The tenant is set for the connection instead of the transaction."""

    def lasting(tenant_id: UUID) -> Sql:
        statement = "select set_config('app.tenant_id', :tenant_id, false), set_config('app.project_id', '', false)"
        return sql(statement, tenant_id=str(tenant_id))

    with (
        own_database() as database,
        patch.object(identity, "tenant_scope", lasting),
        patch.object(work, "tenant_scope", lasting),
    ):
        return measure(database, WITH_FAULT)


def with_a_role_above_row_security() -> dict[str, Any]:
    with own_database(database_url="admin_url") as database:
        return measure(database, WITH_FAULT)


def with_one_table_unsecured() -> dict[str, Any]:
    with own_database() as database:
        with closing(Connections(database.admin_url)) as admin:
            admin.run(sql("alter table contacts disable row level security"))
        return measure(database, WITH_FAULT)


FAULTS = {
    "setting_stays": with_a_setting_that_stays,
    "role_above": with_a_role_above_row_security,
    "table_unsecured": with_one_table_unsecured,
}
