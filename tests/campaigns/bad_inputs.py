"""Whether anything that a caller or a customer can send breaks a function, gets in where it must not, or is lost."""

import base64
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from argon2 import PasswordHasher
from werkzeug.test import TestResponse

from infra.environment import ROOT
from infra.openapi import FILE
from shared.core.users import passwords
from shared.providers.waha.signature import sign
from shared.runtime import parsing, query
from shared.runtime.http import Endpoint
from shared.runtime.postgres import sql
from shared.runtime.webhook import Webhook
from tests.campaigns.callers import Callers, callers
from tests.support.api import as_gateway, call
from tests.support.functions import declared

CORPUS = ROOT / "tests/contracts/bad_inputs.jsonl"
SAMPLE = ROOT / "tests/contracts/waha/message__GOWS_text_lid_dm.json"
SERVER_ERROR = 500
QUICK = 12
DEEP = 100_000
HMAC_KEY = "a key that only WAHA and we know"
REPLACED = str.maketrans({"\0": "\ufffd", **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd")})
UNFIT = ("a%00b", "%ED%A0%80", "9" * 400, "infinity", "2026-13-01", "1e400", "%25", "{}")
LONGEST_LIST = 100
DEAR = ("filter[name][contains]=%25", "page=10000&limit=100", "sort=updated_at:asc&limit=100")
MANY = """
insert into contacts (id, tenant_id, project_id, version, source, name)
select gen_random_uuid(), tenant_id, project_id, 1, source, 'Pessoa ' || number
from contacts cross join generate_series(1, 2000) as number where contacts.id = :id
"""
LIMITS = ("limit=-1", "limit=0", "limit=101", "limit=1000000", "limit=5&limit=5", "limit=")
# What we let pass, though the corpus would not have it so, and why.
OURS = {
    "I116": "true is no number anywhere, but some fields are switches",
    "I108": "a number that large is beyond every bound that we have",
    "I212": "a name is one line without blanks around it",
    "I215": "as above",
    "I145": "an id of zeros is an id like another, of nothing",
}
CHANNEL = {
    "type": "waha",
    "name": "Vendas",
    "base_url": "https://waha.example.com",
    "session_name": "default",
    "engine": "GOWS",
    "api_key": "provider-secret-key",
    "hmac_key": HMAC_KEY,
}
BAR = (
    "no answer of 500 or above; what must be refused is; what may be kept is kept as it was; "
    "no message is lost for its content; no list gives more than 100"
)
Entry = dict[str, Any]


@dataclass
class Bench:
    """All routes with something real behind each id, and what went wrong so far."""

    here: Callers
    ids: dict[str, str]
    webhook: str
    every: int = 1  # of the many pairs of a field and a text, one in so many is tried
    odd: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    sent: int = 0
    waits: list[float] = field(default_factory=list)  # of those who ask for little beside those who ask for much

    def send(self, spec: Endpoint, path: str, entry: str, **request: Any) -> TestResponse:
        self.sent += 1
        given = as_gateway({**self.here.ours.admin.key.headers, **request.pop("headers", {})})
        answer = call(spec, spec.method, path, headers=given, **request)
        if answer.status_code == SERVER_ERROR:
            self.note("answers of 500", entry, spec, answer)
        return answer

    def some(self, where: str, specs: list[Endpoint]) -> list[tuple[Endpoint, Entry]]:
        """Each entry with each route; in the short form so many of these by chance, at least one of each entry."""
        chance = random.Random(where)
        share = max(len(specs) // (1 + self.every // 4), 1)
        return [(spec, entry) for entry in entries(where) for spec in chance.sample(specs, share)]

    def note(self, what: str, entry: str, spec: Endpoint, answer: TestResponse) -> None:
        self.odd[what] += 1
        self.examples.append(f"{entry} {spec.name}: {answer.status_code}")

    def refused(self, spec: Endpoint, path: str, entry: str, **request: Any) -> None:
        answer = self.send(spec, path, entry, **request)
        if not 400 <= answer.status_code < SERVER_ERROR and entry not in OURS:
            self.note("let through", entry, spec, answer)

    def path(self, spec: Endpoint, wrong: str | None = None) -> str:
        """The route with real ids, or with one that is none."""
        names = {name: self.ids.get(name, str(uuid4())) for name in spec.placeholders()}
        return spec.path.format(**{name: wrong if wrong is not None else value for name, value in names.items()})


def routes() -> list[Endpoint]:
    return sorted(declared(Endpoint), key=lambda spec: spec.name)


def entries(*where: str) -> Iterator[Entry]:
    for line in CORPUS.read_text().splitlines():
        entry: Entry = json.loads(line)
        if entry["where"] in where:
            yield entry


def payload(entry: Entry) -> bytes:
    """The bytes of a whole body."""
    if "b64" in entry:
        return base64.b64decode(entry["b64"])
    if "gen" in entry:
        return f'"{text(entry)}"'.encode()
    told: str = entry["raw"] if "raw" in entry else json.dumps(entry["value"])
    return told.encode("utf-8", "surrogatepass")


def text(entry: Entry) -> Any:
    return entry["gen"]["repeat"] * entry["gen"]["n"] if "gen" in entry else entry.get("value", "")


def paths(bench: Bench) -> None:
    for spec, entry in bench.some("path", [spec for spec in routes() if spec.placeholders()]):
        wrong = str(entry["value"])
        bench.refused(spec, bench.path(spec, wrong), entry["id"], json={} if "body" in spec.types else None)


def queries(bench: Bench) -> None:
    for spec, entry in bench.some("query", [spec for spec in routes() if "query" in spec.types]):
        bench.refused(spec, f"{bench.path(spec)}?{asked(entry)}", entry["id"])


def asked(entry: Entry) -> str:
    """The query itself, or a time that is none."""
    if "gen" in entry:
        return "&".join(f"p{each}=1" for each in range(entry["gen"]["query_params"]))
    value = str(entry["value"])
    return value if "=" in value else f"filter[created_at][gte]={value}"


def headers(bench: Bench) -> None:
    for spec, entry in bench.some("header", routes()):
        name, _, value = str(entry.get("value", "X-Nothing: 1")).partition(": ")
        body: dict[str, Any] = {"json": {}} if "body" in spec.types else {}
        bench.send(spec, bench.path(spec), entry["id"], headers={name: value}, **body)


def bodies(bench: Bench) -> None:
    for spec, entry in bench.some("json_body", [spec for spec in routes() if "body" in spec.types]):
        if isinstance(entry.get("value"), dict):
            bench.refused(spec, bench.path(spec), entry["id"], json={**example(spec), **entry["value"]})
        else:
            data = payload(entry)
            bench.refused(spec, bench.path(spec), entry["id"], data=data, content_type="application/json")


def twisted(bench: Bench) -> None:
    """A body that is in order but for one thing about it that JSON readers, or Postgres, do not agree on."""
    for spec in routes():
        if "body" in spec.types:
            for what, data in twists(example(spec)):
                bench.refused(spec, bench.path(spec), what, data=data, content_type="application/json")


def twists(body: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    told, (name, value) = json.dumps(body), next(iter(body.items()), ("nothing", None))
    again = f"{json.dumps(name)}: {json.dumps(value)}"
    yield "a key twice", f"{{{again}, {told[1:]}".encode()
    yield "a depth of 100,000", f"{told[:-1]}, {json.dumps(name)}: {'[' * DEEP}{']' * DEEP}}}".encode()
    yield "depth where an object stands", f"{'[' * DEEP}{told}{']' * DEEP}".encode()
    for what, twist in {"NUL": "\\u0000", "half a surrogate pair": "\\ud800"}.items():
        for key, text in body.items():
            if isinstance(text, str):
                yield f"{what} in {key}", json.dumps({**body, key: text + "?!"}).replace("?!", twist).encode()
    for number in ("1e400", "-1e400", "9" * 5000, "NaN", "-Infinity"):
        yield f"{number[:5]} for {name}", json.dumps({**body, name: "?!"}).replace('"?!"', number).encode()


def fields(bench: Bench) -> None:
    """Every text and every number of every body."""
    for spec in routes():
        for name, kinds in properties(spec).items():
            for entry in entries("number") if "integer" in kinds else ():
                body = {**example(spec), name: entry["value"]}
                bench.refused(spec, bench.path(spec), entry["id"], json=body)
            texts = list(entries("text", "wa_jid", "llm")) if "string" in kinds else []
            # Another start for each field, so that every text meets some.
            for entry in texts[len(name) % bench.every :: bench.every]:
                told(bench, spec, entry, name)


def told(bench: Bench, spec: Endpoint, entry: Entry, name: str) -> None:
    value = text(entry)
    answer = bench.send(spec, bench.path(spec), entry["id"], json={**example(spec), name: value})
    shown = (answer.json or {}).get(name, value) if answer.status_code < 300 else value
    if entry["expect"] == "store_verbatim" and shown not in (value, None) and entry["id"] not in OURS:
        bench.note("kept otherwise than sent", entry["id"], spec, answer)


def example(spec: Endpoint) -> dict[str, Any]:
    content = described(spec)["requestBody"]["content"]["application/json"]
    found = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
    return dict(found)


def properties(spec: Endpoint) -> dict[str, str]:
    """The fields of a body, with their schemas as text."""
    if "body" not in spec.types:
        return {}
    schema = parsing.adapter(spec.types["body"]).json_schema()
    if "properties" not in schema:
        # One of several: all bodies give what the first of them takes.
        schema = schema["$defs"][schema["oneOf"][0]["$ref"].rpartition("/")[2]]
    return {name: json.dumps(each) for name, each in schema["properties"].items()}


def described(spec: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text())["paths"][spec.path][spec.method.lower()]
    return found


def pages(bench: Bench) -> None:
    for spec in routes():
        if "query" in spec.types:
            for limit in LIMITS:
                bench.refused(spec, f"{bench.path(spec)}?{limit}", limit)


def messages(bench: Bench) -> None:
    """What customers may write: each is kept, cleaned of what Postgres cannot hold."""
    sample = json.loads(SAMPLE.read_text())
    kept = {each["id"]: text(each) for each in entries("text", "llm", "wa_jid")} | {"surrogate": "a\ud800b"}
    spec = next(each for each in declared(Webhook) if each.provider == "waha")
    for name, body in kept.items():
        told = {**sample, "id": f"evt_{name}", "payload": {**sample["payload"], "body": body}}
        told["payload"]["id"] = f"false_100000000000001@lid_{name}"
        raw = json.dumps(told).encode()
        signed = {"X-Webhook-Hmac": sign(raw, HMAC_KEY), "X-Webhook-Hmac-Algorithm": "sha512"}
        answer = call(spec, "POST", bench.webhook, headers=signed, data=raw, content_type="application/json")
        bench.sent += 1
        bench.odd["deliveries refused"] += answer.status_code != 200
        found = bench.here.value(
            "select count(*) from messages where text = :text and external_id like :id",
            text=body.translate(REPLACED),
            id=f"%{name}",
        )
        if found != "1":
            bench.odd["messages lost"] += 1
            bench.examples.append(f"{name}: a message is not as it was written")


def parameters(bench: Bench) -> None:
    """Every parameter of every list, with what Postgres would not take for a text, a time or a number."""
    for spec in routes():
        if "query" in spec.types and spec.method == "GET":
            known = [each["name"] for each in described(spec)["parameters"] if each["in"] == "query"]
            asked = [f"{name}={value}" for name in known for value in UNFIT]
            for each in asked[len(spec.name) % bench.every :: bench.every]:
                bench.send(spec, f"{bench.path(spec)}?{each}", each)


def abuse(bench: Bench) -> None:
    """Lists stay short, however many there are; some ask for all that is dear, and others are served meanwhile."""
    here, contacts, stop = bench.here, "/api/v1/crm/contacts", threading.Event()
    here.admin.run(sql(MANY, id=bench.ids["contact_id"]))

    def ask(query: str) -> int:
        answer = here.api.get(f"{contacts}?{query}", as_=here.ours.viewer.key)
        return len((answer.json or {}).get("data", ())) if answer.status_code == 200 else -1

    def abuse_until_told(query: str) -> None:
        while not stop.is_set():
            bench.odd["lists over 100"] += ask(query) > LONGEST_LIST

    bench.odd["lists over 100"] += ask(f"limit={LONGEST_LIST}") != LONGEST_LIST
    with ThreadPoolExecutor(len(DEAR)) as threads:
        abusers = [threads.submit(abuse_until_told, query) for query in DEAR]
        try:
            bench.waits = [timed(lambda: ask("limit=1")) for _ in range(100)]
        finally:
            stop.set()
        for each in abusers:
            each.result()


def timed(do: Callable[[], Any]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


# Messages first: what comes after changes the channel's keys.
STEPS: tuple[Callable[[Bench], None], ...] = (
    messages,
    paths,
    queries,
    headers,
    bodies,
    twisted,
    parameters,
    fields,
    pages,
    abuse,
)


def measure(*steps: Callable[[Bench], None], every: int = 1) -> dict[str, Any]:
    with callers("bad_inputs") as here:
        bench = furnished(here)
        bench.every = every
        for step in steps or STEPS:
            step(bench)
    return {
        "requests": bench.sent,
        "odd": {what: count for what, count in bench.odd.items() if count},
        "examples": bench.examples[:20],
        "excused": OURS,
        "p99_ms_beside_abuse": round(1000 * max(bench.waits)) if bench.waits else None,
        "bar": BAR,
        "passed": not bench.odd.total() and bench.sent > 0,
    }


def furnished(here: Callers) -> Bench:
    def made(path: str, body: dict[str, Any]) -> dict[str, Any]:
        return dict(here.api.post(path, body, as_=here.ours.admin.key).json or {})

    channel = made("/api/v1/crm/channels", CHANNEL)
    contact = made("/api/v1/crm/contacts", {"phone": "+5511912345678"})
    ids = {"channel_id": channel["id"], "contact_id": contact["id"], "project_id": str(here.ours.project_id)}
    return Bench(here, ids, channel["webhook_url"].partition("8080")[2] or channel["webhook_url"])


def run(long: bool) -> dict[str, Any]:
    if long:
        return measure()
    with patch.object(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)):
        return measure(every=QUICK)


def with_json_of_any_kind() -> dict[str, Any]:
    with patch.object(parsing, "check_json", lambda _: None):
        return measure(twisted)


def with_times_unread() -> dict[str, Any]:
    """Postgres is left to find out that a time is none."""
    with patch.object(query, "moment", lambda value: value):
        return measure(queries)


def with_lists_of_any_length() -> dict[str, Any]:
    def lenient(request: Any, kind: Any) -> Any:
        return kind(), {}

    with patch.object(parsing, "read_query", lenient):
        return measure(pages)


FAULTS = {
    "json_of_any_kind": with_json_of_any_kind,
    "times_unread": with_times_unread,
    "lists_of_any_length": with_lists_of_any_length,
}
