"""The servers that are compared, each a process of its own, started as it would be in production."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from infra.bundle.bundles import starter
from infra.environment import ROOT
from infra.local.postgres import HOST, free_port
from infra.local.process import Child
from tests.benchmarks.client import Unanswered, ask, is_success, request
from tests.benchmarks.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Server:
    """How a server is started: a function by its module, or an ASGI application."""

    name: str
    module: str
    is_function: bool = True
    env: tuple[tuple[str, str], ...] = ()

    def command(self, folder: Path, port: int) -> tuple[str, ...]:
        if not self.is_function:
            app = f"{self.module}:app"
            quiet = ("--log-level", "warning", "--no-access-log")
            return (sys.executable, "-m", "uvicorn", app, "--host", HOST, "--port", str(port), *quiet)
        source = self.source(folder)
        wanted = ("--target", source.parent.name, "--source", str(source), "--host", HOST, "--port", str(port))
        return (sys.executable, "-m", "functions_framework", *wanted)

    def source(self, folder: Path) -> Path:
        """The one-line main.py, as a deployed unit has it."""
        name = self.module.rpartition(".")[2]
        source = folder / "units" / name / "main.py"
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(starter(name, self.module))
        return source


GET = Server(name="get_contact", module="functions.crm.contacts.get_contact")
LIST = Server(name="list_contacts", module="functions.crm.contacts.list_contacts")
CREATE = Server(name="create_contact", module="functions.crm.contacts.create_contact")
RECEIVE = Server(name="receive_waha", module="functions.webhooks.receive_waha")
BARE = Server(name="bare functions-framework", module="tests.benchmarks.bare")
PARSED = Server(name="HTTP, HMAC and parse alone", module="tests.benchmarks.parsed")
PSYCOPG = Server(name="FastAPI + psycopg3", module="tests.benchmarks.fastapi_psycopg", is_function=False)
# Ours checks a token's signature when it first sees it; FastAPI's own way is to do so with every request.
REMEMBERING = replace(PSYCOPG, name=f"{PSYCOPG.name}, remembering tokens", env=(("PEER_REMEMBERS", "1"),))
# Where calls are counted, the others ask the store through the library that is ours, too.
BY_HAND = replace(PSYCOPG, name=f"{PSYCOPG.name}, store by hand", env=(("PEER_ASKS_BY_HAND", "1"),))
ASYNCPG = Server(name="FastAPI + asyncpg", module="tests.benchmarks.fastapi_asyncpg", is_function=False)


def counted(server: Server, port: int) -> Server:
    """The same, with every call counted in the store at that port."""
    store = (("UPSTASH_URL", f"http://{HOST}:{port}"), ("UPSTASH_TOKEN", "the-benchs-own"))
    return replace(server, name=f"{server.name}, counted", env=(*server.env, *store))


@dataclass(frozen=True)
class Running:
    port: int
    group: int

    @property
    def megabytes(self) -> float:
        """The resident memory of all its processes."""
        command = ("ps", "-axo", "pgid=,rss=")
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rows = (line.split() for line in listed.splitlines())
        return sum(int(size) for group, size in rows if int(group) == self.group) / 1024


@contextmanager
def started(server: Server, stage: Stage) -> Iterator[Running]:
    """Run a server for as long as the block lasts."""
    port = free_port()
    log = stage.folder / f"{server.module}.log"
    with Child(server.command(stage.folder, port), {**stage.env, **dict(server.env)}, log, cwd=ROOT) as child:
        keep_on_one_processor(child.pid)
        yield Running(port, child.pid)


def keep_on_one_processor(pid: int) -> None:
    """Give a process that has just begun one processor, which is what an instance is deployed with.

    Threads that take turns on two processors spend their time waking each other across them.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))})


@contextmanager
def counter(stage: Stage) -> Iterator[int]:
    """The port of a store that counts calls, for as long as the block lasts."""
    port = free_port()
    command = (sys.executable, "-m", "tests.benchmarks.counter", "--port", str(port))
    with Child(command, stage.env, stage.folder / "counter.log", cwd=ROOT):
        yield port


def calls(port: int) -> int:
    """How many calls that store has counted so far."""
    return int(json.loads(ask(port, request("GET", "/", {})).partition(b"\r\n\r\n")[2])["calls"])


def first_answer(server: Server, stage: Stage, message: bytes) -> float:
    """Milliseconds from the start of the process to its first answer, which must be a success."""
    began = time.perf_counter()
    with started(server, stage) as running:
        answer = ask(running.port, message)
        ended = time.perf_counter()
    if not is_success(answer):
        raise Unanswered(f"{server.name} answered {answer[:300]!r}")
    return (ended - began) * 1000
