"""One transaction per trigger: load aggregates, save them, and queue their events and tasks with them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, create_engine, inspect, select
from sqlalchemy import Connection as SqlConnection
from sqlalchemy.exc import TimeoutError as NoneIsFree
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Forbidden, NotFound, Unavailable
from shared.kernel.tasks import Task
from shared.runtime.cursor import PLACEHOLDERS
from shared.runtime.identity import SYSTEM, Actor, Claim, Principal, Role, permit, tenant_scope
from shared.runtime.outbox import Outgoing
from shared.runtime.postgres import (
    BEGIN,
    CONNECT_SECONDS,
    Connection,
    Copy,
    Row,
    Sql,
    commit,
    connect,
    is_lost,
    pipeline,
    sql,
)
from shared.runtime.precondition import Expected
from shared.runtime.retry import Stale
from shared.runtime.settings import settings

A = TypeVar("A", bound=Aggregate)

_FIRST = Lock()
_CLOCK = sql("select to_json(clock_timestamp())")


class UnitOfWork:
    """A tenant's view of the database for the length of one transaction."""

    def __init__(self, session: Session, raw: Connection, tenant_id: UUID, actor: Actor, now: datetime) -> None:
        self.session = session
        self.tenant_id = tenant_id
        self.actor = actor
        self.now = now  # the database's clock, the one all instances share
        self.principal: Principal | None = None
        self.outgoing = Outgoing(tenant_id=tenant_id, actor=actor)
        self.seen: list[Aggregate] = []
        self.expected: Expected | None = None
        self._raw = raw

    @property
    def caller(self) -> Principal:
        """Who called; only endpoints have one."""
        if self.principal is None:
            raise Forbidden("this work has no caller")
        return self.principal

    def schedule(self, task: Task, at: datetime | None = None) -> None:
        self.outgoing.schedule(task, at)

    def run(self, *statements: Sql | Copy) -> list[list[Row]]:
        """Plain statements in this transaction, after what was changed so far; one round trip."""
        self.flush()
        return pipeline(self._raw, *statements)

    def commit(self, *last: Sql) -> list[list[Row]]:
        """Save everything with its events and tasks; `last` reads what was written, and its rows come back.

        Undecided: the connection was lost, and whether all of it was saved or none is not known.
        """
        self.flush()
        self.outgoing.collect(self.seen)
        leaving = self.outgoing.statements()
        return commit(self._raw, *leaving, *last, after=self.outgoing.hint())[len(leaving) :]

    def saw(self, aggregate: Aggregate) -> None:
        """Take note of what was loaded. PreconditionFailed: the caller has seen another version of it."""
        if self.expected:
            self.expected.check(aggregate)
        if aggregate not in self.seen:
            self.seen.append(aggregate)

    def flush(self) -> None:
        """Write what was changed so far, so that what follows finds it so."""
        if self.expected and any(each.id == self.expected.id for each in self.session.dirty):
            self.expected.changed = True
        try:
            self.session.flush()
        except StaleDataError as error:
            raise Stale from error


class Repository(Generic[A]):
    """All that most aggregates need; a subclass adds only its own ways to be found."""

    kind: ClassVar[type[Any]]

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    def get(self, id: UUID, *, lock: bool = False) -> A:
        found = self.first(inspect(self.kind).columns.id == id, lock=lock)
        if found is None:
            raise NotFound(f"there is no such {self.kind.aggregate_type.replace('_', ' ')}")
        return found

    def first(self, *where: ColumnElement[bool], lock: bool = False) -> A | None:
        return next(iter(self.all(*where, lock=lock)), None)

    def all(self, *where: ColumnElement[bool], lock: bool = False) -> list[A]:
        ours = inspect(self.kind).columns.tenant_id == self.uow.tenant_id
        query = select(self.kind).where(ours, *where)
        # A locked row is read again, or the lock would guard a picture taken before it.
        query = query.with_for_update().execution_options(populate_existing=True) if lock else query
        self.uow.flush()
        found = list(self.uow.session.scalars(query))
        for each in found:
            self.uow.saw(each)
        return found

    def add(self, aggregate: A) -> A:
        """Insert it now: rows go in the order they are added, as their foreign keys ask."""
        self.uow.session.add(aggregate)
        self.uow.flush()
        self.uow.seen.append(aggregate)
        return aggregate

    def touch(self, aggregate: A) -> None:
        """Count a change of the rows that hang on it as a change of the aggregate: a new version."""
        flag_modified(aggregate, "tenant_id")


def engine(database_url: str) -> Engine:
    """The one engine of this process: as many connections as threads, none opened before it is needed."""
    with _FIRST:  # whose first callers may be several
        return _engine(database_url)


@cache
def _engine(database_url: str) -> Engine:
    return create_engine(
        "postgresql+pg8000://",
        creator=lambda: connect(database_url),
        paramstyle=PLACEHOLDERS,
        pool_size=int(settings().threads),
        # A thread holds one at most: more would be connections that nobody has counted.
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        # What is written may be somebody's name, and the pool logs errors of its own accord.
        hide_parameters=True,
    )


@contextmanager
def unit_of_work(tenant_id: UUID, *, actor: Actor = SYSTEM) -> Iterator[UnitOfWork]:
    """A transaction of the house's own work: consumers, tasks, sign-up."""
    with _begun(tenant_scope(tenant_id), _CLOCK) as (connection, raw, rows), Session(bind=connection) as session:
        yield UnitOfWork(session, raw, tenant_id, actor, _time(rows[-1]))


@contextmanager
def unit_of_work_for(claim: Claim, allow: Role) -> Iterator[UnitOfWork]:
    """A caller's transaction: the credential is proven and the role checked in its first round trip."""
    with _begun(claim.begin(), claim.proof, _CLOCK) as (connection, raw, rows), Session(bind=connection) as session:
        principal = claim.principal(rows[-2])
        permit(principal, allow)
        uow = UnitOfWork(session, raw, principal.tenant_id, principal.actor, _time(rows[-1]))
        uow.principal = principal
        yield uow


@contextmanager
def _begun(*statements: Sql) -> Iterator[tuple[Any, Connection, list[list[Row]]]]:
    ours = engine(settings().database_url)
    connection = _connected(ours)
    try:
        connection.begin()
        raw: Any = connection.connection.dbapi_connection
        yield connection, raw, pipeline(raw, BEGIN, *statements)
    except BaseException as error:
        if is_lost(error):
            connection.invalidate()
            # What killed one has most likely killed all: the next attempt shall not meet another dead one.
            ours.dispose()
        raise
    finally:
        connection.close()


def _connected(ours: Engine) -> SqlConnection:
    try:
        return ours.connect()
    except NoneIsFree as error:
        raise Unavailable("every connection to the database is in use; try again shortly", code="busy") from error


def _time(rows: list[Row]) -> datetime:
    return datetime.fromisoformat(json.loads(rows[0][0] or ""))
