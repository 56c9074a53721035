"""What conversations make of the whole house, counted: calls, events, tasks, bytes, rows, and time.

`python3 -m tests.infra.estimate.measured` writes it down for `infra estimate`.
"""

import logging
import os
import socket
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from infra.estimate.facts import FILE, Facts, Volume
from infra.fakes.waha_events import Party, make_ack, make_event
from shared.runtime.declarations import Declaration
from shared.runtime.telemetry import JsonLines, log
from tests.campaigns.stage import stage
from tests.support import api as asking
from tests.support import calls, world
from tests.support.api import Api
from tests.support.shop import SESSION, Shop, open_shop
from tests.support.tenants import new_tenant
from tests.support.world import World

CONVERSATIONS, CUSTOMERS = 40, 10
BURSTS, IN_A_BURST, RECEIPTS = 2, 2, 3
MESSAGES = BURSTS * (IN_A_BURST + 1)  # of a conversation
ENGINE = "GOWS"
RULES = {"keywords": [{"words": ["abrem"], "reply": "Abrimos das 7h às 19h, de segunda a sábado. Até já!"}]}
QUESTIONS = ("Bom dia! Tudo bem com vocês?", "Queria saber a que horas abrem no sábado")
LONG_PAST_ITS_END = 25 * 3600  # seconds after which a session has ended
# Google adds a time and an id; each attribute counts with its name.
_EVENTS = """
select topic as place, count(*) as count, sum(octet_length(envelope::text) + octet_length(ordering_key) + 40
    + octet_length('typetenant_idevent_idaggregate_typetraceparent') + 2 * 36 + octet_length(type)
    + octet_length(coalesce(envelope ->> 'aggregate_type', '')) + octet_length(coalesce(traceparent, ''))) as bytes
from outbox_events group by topic
"""
_TASKS = "select queue as place, count(*) as count, sum(octet_length(body::text)) as bytes from outbox_tasks group by 1"
_TABLES = """
select relname as name, pg_total_relation_size(oid) as bytes from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace
"""
# Those that serve functions; the test's own stand beside them.
_BACKENDS = """
select pid, client_port as port from pg_stat_activity where usename = 'ventros_app' and datname = current_database()
"""


@dataclass(eq=False)
class Book(logging.Handler):
    """What was counted while the talk went on; as a handler it counts what is logged."""

    calls: Counter[str] = field(default_factory=Counter)
    wall: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    processor: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    answered: Counter[str] = field(default_factory=Counter)
    logged: Counter[bool] = field(default_factory=Counter)  # whether of a span
    by_port: Counter[int] = field(default_factory=Counter)  # bytes from and to Postgres

    def __post_init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())

    def emit(self, record: logging.LogRecord) -> None:
        self.logged[hasattr(record, "fields") and "span" in record.fields] += len(self.format(record).encode()) + 1

    def enter(self, spec: Declaration, wall: float, processor: float, answer: Any) -> None:
        self.calls[spec.name] += 1
        self.wall[spec.name].append(wall)
        self.processor[spec.name].append(processor)
        self.answered[spec.name] += len(answer.data)


def measure(conversations: int = CONVERSATIONS) -> Facts:
    """Play conversations of known customers, each with an end, and count what they make."""
    with (
        stage("estimate", movable=True) as world,
        open_shop(world, Api(), new_tenant(world.admin), engine=ENGINE, config=RULES) as shop,
    ):
        people = [Party(phone=f"55119{80000000 + number}", name=f"Pessoa {number}") for number in range(CUSTOMERS)]
        for customer in people:
            _talk(shop, customer, "a primeira")
        world.run("delete from outbox_events")
        world.run("delete from outbox_tasks")
        return _counted(shop, people, conversations)


def _counted(shop: Shop, people: list[Party], conversations: int) -> Facts:
    world, book = shop.world, Book()
    world.run("vacuum full")
    before, began = _sizes(world), _processor_ms(world)
    with _counting(book, world.database.server.port):
        for number in range(conversations):
            _talk(shop, people[number % len(people)], f"a de número {number}")
    ended, ports = _processor_ms(world), [row["port"] for row in world.rows(_BACKENDS)]
    world.run("vacuum full")
    grown = {name: size - before[name] for name, size in _sizes(world).items() if size > before[name]}
    return Facts(
        measured=f"{datetime.now(UTC):%Y-%m-%d}",
        messages=conversations * MESSAGES,
        calls=dict(book.calls),
        wall_ms={name: _quick_ms(times) for name, times in book.wall.items()},
        processor_ms={name: _quick_ms(times) for name, times in book.processor.items()},
        answer_bytes=dict(book.answered),
        events=_volumes(world, _EVENTS),
        tasks=_volumes(world, _TASKS),
        tables=grown,
        log_bytes=book.logged[False],
        span_bytes=book.logged[True],
        sql_bytes=sum(book.by_port[port] for port in ports),
        database_ms=None if began is None or ended is None else ended - began,
    )


def _talk(shop: Shop, customer: Party, about: str) -> None:
    """Two bursts, each answered by the bot and read by the customer; a look by a person; an end."""
    for _ in range(BURSTS):
        for text in QUESTIONS:
            shop.hears(f"{text} ({about})", customer=customer)
            shop.world.advance(3)
        shop.world.drain(timers=True)
        _come_back(shop, customer)
        shop.world.drain(timers=True)
    _look(shop)
    shop.world.advance(LONG_PAST_ITS_END)
    assert calls.tick("sweep_sessions") == 204
    shop.world.drain(timers=True)


def _come_back(shop: Shop, customer: Party) -> None:
    """The reply comes by the webhook, as all messages do, and after it its ticks."""
    sent, now = shop.waha.whatsapp[-1], int(shop.world.now().timestamp())
    told: dict[str, Any] = {"message_id": sent.id, "customer": customer, "timestamp": now}
    echo = make_event(ENGINE, "text", body=sent.text, from_me=True, source="api", session=SESSION, **told)
    ticks = [make_ack(ENGINE, level, session=SESSION, **told) for level in range(1, RECEIPTS + 1)]
    for event in (echo, *ticks):
        answer = shop.channel.deliver(event)
        assert answer.status_code == 200, answer.text


def _look(shop: Shop) -> None:
    """A person opens the list of chats and the conversation."""
    agent = shop.tenant.agent.key
    chats: Any = shop.api.get("/api/v1/crm/chats?limit=25", as_=agent).json
    chat = chats["data"][0]["id"]
    for path in (f"messages?filter[chat_id]={chat}&limit=25", f"chats/{chat}"):
        answer = shop.api.get(f"/api/v1/crm/{path}", as_=agent)
        assert answer.status_code == 200, answer.text


@contextmanager
def _counting(book: Book, port: int) -> Iterator[None]:
    original = asking.call

    def call(spec: Any, *arguments: Any, **options: Any) -> Any:
        wall, processor = time.perf_counter(), time.thread_time()
        answer = original(spec, *arguments, **options)
        book.enter(spec, time.perf_counter() - wall, time.thread_time() - processor, answer)
        return answer

    places = [patch.object(module, "call", call) for module in (asking, world, calls)]
    log.addHandler(book)
    try:
        with places[0], places[1], places[2], _listening(book, port):
            yield
    finally:
        log.removeHandler(book)


@contextmanager
def _listening(book: Book, port: int) -> Iterator[None]:
    """Count the bytes that go to Postgres and come from it."""

    sendall, recv_into = socket.socket.sendall, socket.socket.recv_into

    def count(wire: socket.socket, size: int) -> None:
        if wire.family is socket.AF_INET and wire.getpeername()[1] == port:
            book.by_port[wire.getsockname()[1]] += size

    def send(wire: socket.socket, data: Any, *options: Any) -> None:
        count(wire, len(data))
        sendall(wire, data, *options)

    def receive(wire: socket.socket, *options: Any) -> int:
        size = recv_into(wire, *options)
        count(wire, size)
        return size

    with patch.object(socket.socket, "sendall", send), patch.object(socket.socket, "recv_into", receive):
        yield


def _quick_ms(times: list[float]) -> float:
    """Of the quickest tenth the slowest: the machine may have other work too."""
    return round(sorted(times)[len(times) // 10] * 1000, 2)


def _volumes(world: World, query: str) -> dict[str, Volume]:
    return {row["place"]: Volume(count=row["count"], bytes=row["bytes"]) for row in world.rows(query)}


def _sizes(world: World) -> dict[str, int]:
    return {row["name"]: row["bytes"] for row in world.rows(_TABLES)}


def _processor_ms(world: World) -> int | None:
    """What the backends have used so far; None where there is nobody to tell."""
    ticks = [_ticks(Path("/proc") / str(row["pid"]) / "stat") for row in world.rows(_BACKENDS)]
    known = [each for each in ticks if each is not None]
    return round(sum(known) * 1000 / os.sysconf("SC_CLK_TCK")) if known else None


def _ticks(file: Path) -> int | None:
    if not file.exists():
        return None
    # Behind the name, which may hold anything: the state, and eleven fields later the two times.
    mine, the_systems = file.read_text().rpartition(")")[2].split()[11:13]
    return int(mine) + int(the_systems)


if __name__ == "__main__":
    measure().write()
    print(FILE)
