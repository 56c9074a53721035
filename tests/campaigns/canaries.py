"""Whether what is secret or somebody's own ever reaches a log line, an error answer or an event."""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, create_engine

from infra.fakes.waha_events import Party, make_event
from infra.fakes.waha_state import Fault
from shared.core.users import sign_in
from shared.crm.contacts.model import Contact
from shared.kernel.identities import Identity
from shared.runtime import telemetry, work
from shared.runtime.telemetry import JsonLines, log, say
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.shop import SESSION, Shop, open_shop
from tests.support.world import World

BAR = "0 canaries in log lines, error answers, events, tasks and dead letters; 0 secrets in any row; every line is JSON"
ROUNDS = 20
SECRETS = ("password", "api-key", "hmac-key", "token")
FAULTY_SENDS = ("error_500", "malformed", "drop", "error_463", "error_429")
JUNK = ("\n", '"}\n{"severity": "ALERT"}', "\u2028", "%s%d{}", "<script>")
# Where ids and names of our own belong, and nothing of anybody's.
_CARRIED = ("outbox_events", "outbox_tasks", "dead_letters", "contact_events", "inbox")
_TERMINATE = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where usename = 'ventros_app' and datname = current_database()
"""
_TABLES = "select tablename from pg_tables where schemaname = 'public'"


class Lines(logging.Handler):
    """Keeps every line that would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@contextmanager
def listening() -> Iterator[tuple[Lines, Lines]]:
    """The house's own lines, and what all libraries say when somebody has asked for every word."""
    ours, theirs, root = Lines(), Lines(), logging.getLogger()
    ours.setFormatter(JsonLines())
    theirs.setFormatter(logging.Formatter())
    level, propagate = root.level, log.propagate
    telemetry.configure()
    log.propagate = False
    log.addHandler(ours)
    root.addHandler(theirs)
    root.setLevel(logging.DEBUG)
    try:
        yield ours, theirs
    finally:
        root.setLevel(level)
        root.removeHandler(theirs)
        log.removeHandler(ours)
        log.propagate = propagate


@dataclass
class Canaries:
    """Values that occur nowhere else, by what they stand for."""

    made: dict[str, str] = field(default_factory=dict)

    def text(self, what: str) -> str:
        return self._keep(what, f"canary{len(self.made):04}x{what}")

    def phone(self) -> str:
        return self._keep("phone", f"55119{70_000_000 + len(self.made) * 7919 % 9_999_999:08}")

    def know(self, what: str, value: str) -> str:
        """One that was made elsewhere."""
        return self._keep(what, value)

    def found(self, text: str) -> list[str]:
        return [what for value, what in self.made.items() if value in text]

    def secrets(self, text: str) -> list[str]:
        return [what for what in self.found(text) if what in SECRETS]

    def _keep(self, what: str, value: str) -> str:
        self.made[value] = what
        return value


@dataclass
class Tour:
    """Everything that can be done with secrets and with other people's words, well and badly."""

    world: World
    api: Api
    shop: Shop
    canaries: Canaries
    leaks: Counter[str] = field(default_factory=Counter)
    requests: int = 0

    def go(self, *only: str) -> None:
        """All of it, or `only` these parts."""
        for step in (self.sign_in, self.keys, self.channels, self.contacts, self.inbound, self.replies, self.bugs):
            if step.__name__ in only or not only:
                step()

    def _call(self, method: str, path: str, **request: Any) -> Any:
        answer = self.api.request(method, path, **request)
        self.requests += 1
        if answer.status_code >= 400:
            self.leaks.update(f"answer to {method} {path[:40]}: {what}" for what in self.canaries.secrets(answer.text))
        return answer

    def sign_in(self) -> None:
        c = self.canaries
        email, password = f"{c.text('email')}@example.com", c.text("password")
        person = {"email": email, "password": password}
        new = {**person, "name": c.text("name"), "tenant_name": c.text("name")}
        register = "/api/v1/auth/register"
        signed_in = self._call("POST", register, json=new).get_json()
        for name in ("access_token", "refresh_token"):
            c.know("token", signed_in[name])
        for bad in (
            {**new, "password": c.text("password")[:5]},
            {**new, "x": password},
            {**new, "email": c.text("email")},
        ):
            self._call("POST", register, json=bad)
        self._call("POST", register, data=json.dumps(new).encode()[:-2], content_type="application/json")
        for told in (person, {**person, "password": c.text("password")}, {**person, "tenant_id": c.text("other")}):
            self._call("POST", "/api/v1/auth/login", json=told)
        for token in (signed_in["refresh_token"], c.text("token"), signed_in["refresh_token"]):
            self._call("POST", "/api/v1/auth/refresh", json={"refresh_token": token})
        for token in (
            signed_in["access_token"],
            signed_in["access_token"][:-4],
            c.text("token"),
            f"a.{c.text('token')}.c",
        ):
            self._call(
                "GET", f"/api/v1/auth/profile?token={c.text('token')}", headers={"Authorization": f"Bearer {token}"}
            )
        self._call("GET", "/api/v1/auth/profile", headers={"X-API-Key": c.text("api-key")})
        self._call("GET", "/health", headers={"X-Request-Id": c.text("other") + "<>"})

    def keys(self) -> None:
        admin = self.shop.tenant.admin
        made = self._call("POST", "/api/v1/auth/api-keys", json={"name": "Website"}, as_=admin).get_json()
        key = next(value for name, value in made.items() if name in {"key", "secret"} and value)
        self.canaries.know("api-key", key)
        for sent in (key, key[:-2]):
            self._call("GET", "/api/v1/crm/contacts", headers={"X-API-Key": sent})
        self._call("DELETE", f"/api/v1/auth/api-keys/{made['id']}", as_=admin)
        self._call("GET", "/api/v1/crm/contacts", headers={"X-API-Key": key})

    def channels(self) -> None:
        c, admin = self.canaries, self.shop.tenant.admin
        path = "/api/v1/crm/channels"
        changes: list[dict[str, Any]] = [{}, {"base_url": "http://127.0.0.1:1"}, {"engine": c.text("other")}]
        for changed in (*changes, {"api_key": 7}):
            new = {"type": "waha", "name": c.text("name"), "base_url": "https://waha.example.com", "engine": "GOWS"}
            new |= {"session_name": "default", "api_key": c.text("api-key"), **changed}
            self._call("POST", path, json=new, as_=admin, headers={"Idempotency-Key": f"k{len(c.made)}"})
        for change in ({"api_key": c.text("api-key")}, {"api_key": [c.text("api-key")]}, {c.text("other"): 1}):
            self._call("PATCH", f"{path}/{self.shop.channel.id}", json=change, as_=admin)
        restored = {"api_key": "waha-key"}
        self._call("PATCH", f"{path}/{self.shop.channel.id}", json=restored, as_=admin)

    def contacts(self) -> None:
        c, agent = self.canaries, self.shop.tenant.agent
        path = "/api/v1/crm/contacts"
        for junk in ("", *JUNK):
            new = {"phone": f"+{c.phone()}", "name": c.text("name") + junk, "email": f"{c.text('email')}@example.com"}
            for sent in (new, new, {**new, "phone": c.text("phone")}, {**new, "email": c.text("email") + junk}):
                self._call("POST", path, json=sent, as_=agent)
            for query in (
                f"filter[name][contains]={c.text('name')}",
                f"sort={c.text('name')}",
                f"cursor={c.text('name')}",
            ):
                self._call("GET", f"{path}?{query}", as_=agent)
            self._call("POST", f"{path}/search", json={"query": c.text("name") + junk}, as_=agent)

    def inbound(self) -> None:
        c, channel = self.canaries, self.shop.channel
        for junk in ("", *JUNK):
            customer = Party(phone=c.phone(), lid=f"1{len(c.made):014}", name=c.text("name") + junk)
            said: dict[str, Any] = {
                "customer": customer,
                "timestamp": int(time.time()),
                "body": c.text("message") + junk,
            }
            event = make_event(self.shop.engine, "text", **said)
            raw = json.dumps(event).encode()
            for body in (event, event, raw[:-3], raw.replace(b'"payload"', b'"' + c.text("message").encode() + b'"')):
                channel.deliver(body)
            channel.deliver(event, key=c.text("hmac-key"))
            self._call(
                "POST", f"{channel.path}{c.text('token')}", data=raw, headers={"X-Webhook-Hmac": c.text("hmac-key")}
            )
        self.shop.settles(tolerate=True)

    def replies(self) -> None:
        c = self.canaries
        for kind in FAULTY_SENDS:
            self.shop.hears(
                c.text("message"), customer=Party(phone=c.phone(), lid=f"1{len(c.made):014}", name=c.text("name"))
            )
            self.shop.waha.set_fault(SESSION, Fault(kind=kind))
            self.shop.says(c.text("message"))
            self.shop.settles(tolerate=True)
        chat = self.world.value("select id from chats order by created_at limit 1")
        agent = self.shop.tenant.agent
        for text in (c.text("message"), c.text("message") + "\0", c.text("message") * 1000):
            self._call("POST", "/api/v1/crm/messages", json={"type": "text", "text": text, "chat_id": chat}, as_=agent)

    def bugs(self) -> None:
        """Exceptions that quote what they were given, wherever one may come from."""
        c = self.canaries
        timeline = import_module("functions.crm.contact_events.record_timeline")

        def quote(*_: Any, **__: Any) -> Any:
            raise ValueError(c.text("name"), c.phone(), c.text("password"))

        phone = f"+{c.phone()}"
        with patch.object(Contact, "create", quote), patch.object(sign_in, "_admit", quote):
            self._call("POST", "/api/v1/crm/contacts", json={"phone": phone, "name": "E"}, as_=self.shop.tenant.agent)
            self._call("POST", "/api/v1/auth/login", json={"email": "a@example.com", "password": c.text("password")})
        with patch("shared.crm.inbound.intake.Intake.take", quote):
            said: dict[str, Any] = {
                "customer": Party(phone=c.phone()),
                "timestamp": int(time.time()),
                "body": c.text("message"),
            }
            self.shop.channel.deliver(make_event(self.shop.engine, "text", **said))
        with patch.object(timeline, "record", quote):
            self.shop.hears(c.text("message"), customer=Party(phone=c.phone(), lid=f"1{len(c.made):014}"))
            self.shop.settles(tolerate=True)
        self._lose_the_database()
        self.world.run("alter table contacts add constraint canary check (name <> 'clash')")
        self._call(
            "POST", "/api/v1/crm/contacts", json={"phone": f"+{c.phone()}", "name": "clash"}, as_=self.shop.tenant.agent
        )
        self.world.run("alter table contacts drop constraint canary")

    def _lose_the_database(self) -> None:
        """Sessions end while rows full of names are on their way."""
        create, c = Contact.create, self.canaries

        def lost(*given: Any, **facts: Any) -> Any:
            self.world.run(_TERMINATE)
            return create(*given, **facts)

        with patch.object(Contact, "create", lost):
            new = {"phone": f"+{c.phone()}", "name": c.text("name"), "email": f"{c.text('email')}@example.com"}
            self._call("POST", "/api/v1/crm/contacts", json=new, as_=self.shop.tenant.agent)


def measure(rounds: int, fault: Callable[[], AbstractContextManager[Any]] = nullcontext, *only: str) -> dict[str, Any]:
    with stage("canaries", movable=True) as world, listening() as (ours, theirs), fault():
        api, canaries = Api(), Canaries()
        with open_shop(world, api, world.new_tenant()) as shop:
            tour = Tour(world, api, shop, canaries)
            for _ in range(rounds):
                tour.go(*only)
            return figures(tour, ours, theirs)


def figures(tour: Tour, ours: Lines, theirs: Lines) -> dict[str, Any]:
    logged: Counter[str] = Counter()
    for lines in (ours, theirs):
        for line in lines.lines:
            logged.update(tour.canaries.found(line))
    rows = Counter({f"{table}: {what}": count for table in tables(tour.world) for what, count in held(tour, table)})
    told = {
        "canaries": len(tour.canaries.made),
        "requests": tour.requests,
        "lines": len(ours.lines),
        "lines_of_libraries": len(theirs.lines),
        "logged": dict(logged),
        "answered": dict(tour.leaks),
        "held": dict(rows),
        "not_json": sum(not is_json(line) for line in ours.lines),
        "bar": BAR,
    }
    clean = not (logged or tour.leaks or rows or told["not_json"])
    return {**told, "passed": clean and bool(ours.lines) and tour.requests > 0}


def tables(world: World) -> list[str]:
    return [row["tablename"] for row in world.rows(_TABLES)]


def held(tour: Tour, table: str) -> Iterator[tuple[str, int]]:
    """What a table holds that it must not: of secrets none may, of what else is somebody's own some may."""
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in tour.world.rows(f"select * from {table}"))
    found = tour.canaries.found(text) if table in _CARRIED else tour.canaries.secrets(text)
    yield from Counter(found).items()


def is_json(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict) and "\n" not in line
    except ValueError:
        return False


def run(long: bool) -> dict[str, Any]:
    return measure(ROUNDS if long else 1, statements_are_told)


@contextmanager
def exceptions_are_quoted() -> Iterator[None]:
    """A log line says what an exception says."""
    write = JsonLines.format

    def quoting(self: JsonLines, record: logging.LogRecord) -> str:
        said = str(record.exc_info[1]) if record.exc_info else ""
        return json.dumps({**json.loads(write(self, record)), "said": said})

    with patch.object(JsonLines, "format", quoting):
        yield


@contextmanager
def phones_are_logged() -> Iterator[None]:
    """Somebody wanted to know by what contacts are known."""
    link = Contact.link

    def told(contact: Contact, identity: Identity) -> None:
        say("linking a contact", known_by=str(identity))
        link(contact, identity)

    with patch.object(Contact, "link", told):
        yield


@contextmanager
def libraries_speak_freely() -> Iterator[None]:
    """The libraries' own lines are let through."""
    telemetry.configure()
    levels = {name: logging.getLogger(name).level for name in telemetry.TALKATIVE}
    for name in levels:
        logging.getLogger(name).setLevel(logging.NOTSET)
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@contextmanager
def statements_are_told(*, hide_parameters: bool = True) -> Iterator[None]:
    """Somebody looks at every statement that SQLAlchemy sends."""

    def telling(*given: Any, **told: Any) -> Engine:
        return create_engine(*given, **{**told, "echo": True, "hide_parameters": hide_parameters})

    with patch.object(work, "create_engine", telling):
        yield


def parameters_are_shown() -> AbstractContextManager[Any]:
    """SQLAlchemy quotes a statement's values, as it does unless it is told not to."""
    return statements_are_told(hide_parameters=False)


def _faulty(fault: Callable[[], AbstractContextManager[Any]], part: str) -> Callable[[], dict[str, Any]]:
    """The fault, in the part of a tour in which it shows."""
    return lambda: measure(1, fault, part)


FAULTS = {
    fault.__name__: _faulty(fault, part)
    for fault, part in (
        (exceptions_are_quoted, "bugs"),
        (phones_are_logged, "contacts"),
        (libraries_speak_freely, "replies"),
        (parameters_are_shown, "contacts"),
    )
}
