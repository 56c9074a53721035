"""Whether any URL that comes from outside leads the house to where it must not call, by whatever route it comes."""

import ipaddress
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import Any
from unittest.mock import patch
from uuid import UUID

from infra.fakes.waha_files import sample
from infra.openapi import FILE
from shared.crm.channels import fields
from shared.crm.channels.connection import open_waha
from shared.crm.channels.store import Channels
from shared.crm.media import fetching
from shared.crm.media.tasks import FetchMedia
from shared.providers import guard, public_addresses, urls
from shared.providers.waha import files
from shared.providers.waha.client import WahaError
from shared.runtime.work import unit_of_work
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.calls import give
from tests.support.conversation import speak
from tests.support.environment import environment
from tests.support.network import CORPUS, OWN, FakeNetwork, network_for
from tests.support.storage import bucket
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import World

Row = dict[str, Any]
QUICK_STEP = 4  # one row in so many is fetched in the short form; the others are only written down
WITH_FAULT = 6  # rows
KEY = b"waha-key"
BAR = "0 wrong verdicts, 0 connections inwards, at most 1 lookup and 1 request for an attempt, 0 keys given away"
PROXIES = {"HTTP_PROXY": "http://127.0.0.1:3128", "HTTPS_PROXY": "http://127.0.0.1:3128", "NO_PROXY": "127.0.0.1"}
# Fields of bodies that take a URL, and what asks for it; a new one fails until it stands here.
FIELDS = {
    "post /api/v1/crm/channels base_url",
    "patch /api/v1/crm/channels/{channel_id} base_url",
    "post /api/v1/crm/messages url",
    "post /api/v1/crm/messages/schedule url",
    "patch /api/v1/crm/messages/scheduled/{scheduled_message_id} url",
}
_IN_A_WHILE = {"send_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}
# A base URL must be without a query besides, which the corpus does not know.
_WITHOUT_QUERY = {"base_url"}
_POINT = "update messages set media = media || jsonb_build_object('url', cast(:url as text)) where id = :message_id"
_ANEW = """
update media_files set status = 'pending', attempts = 0, reason = null, due_at = now() where message_id = :message_id
returning id
"""


@dataclass
class Tally:
    cases: int = 0
    wrong_verdicts: list[str] = field(default_factory=list)
    inward_connections: list[str] = field(default_factory=list)
    second_lookups: list[str] = field(default_factory=list)
    second_requests: list[str] = field(default_factory=list)
    keys_given_away: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Range:
    """A tenant with a channel and a message with a file, at whose URLs the corpus is aimed."""

    world: World
    tenant: Tenant
    channel: WahaChannel
    message_id: UUID
    tally: Tally

    # Writing a URL down

    def writes(self, row: Row) -> None:
        """Give it to every route that keeps one."""
        wanted = row["stage"] == "deliver" or row["verdict"] == "allow"
        path = "/api/v1/crm/channels"
        channel = {"type": "waha", "name": "Vendas", "session_name": "default", "engine": "GOWS", "api_key": "k"}
        self._judge(row, "create_channel", wanted, ("POST", path, {**channel, "base_url": row["url"]}))
        moved = {"base_url": row["url"], "api_key": KEY.decode(), "hmac_key": "a long key of its own"}
        self._judge(row, "update_channel", wanted, ("PATCH", f"{path}/{self.channel.id}", moved))
        told = {"type": "image", "chat_id": self._chat, "url": row["url"], "mimetype": "image/jpeg"}
        messages, file = "/api/v1/crm/messages", {name: told[name] for name in ("type", "url", "mimetype")}
        self._judge(row, "create_message", wanted, ("POST", messages, told))
        self._judge(row, "schedule_message", wanted, ("POST", f"{messages}/schedule", {**_IN_A_WHILE, "message": told}))
        planned = f"{messages}/scheduled/{self._planned}"
        self._judge(row, "update_scheduled_message", wanted, ("PATCH", planned, {"message": file}))

    def _judge(self, row: Row, route: str, wanted: bool, request: tuple[str, str, Row]) -> None:
        method, path, body = request
        if "?" in row["url"] and _WITHOUT_QUERY & body.keys():
            wanted = False
        # What no JSON can hold is refused as no JSON.
        raw = json.dumps(body).encode()
        answer = Api().request(
            method, path, as_=self.tenant.admin, data=raw, headers={"Content-Type": "application/json"}
        )
        self.tally.cases += 1
        kept = answer.status_code < 300
        if kept is not wanted or answer.status_code >= 500:
            self.tally.wrong_verdicts.append(f"{row['id']} {route}: {answer.status_code}")

    @cached_property
    def _chat(self) -> str:
        return str(self.world.value("select chat_id from messages where id = :id", id=self.message_id))

    @cached_property
    def _planned(self) -> str:
        """A message that is scheduled, whatever it says by now."""
        told = {**_IN_A_WHILE, "message": {"chat_id": self._chat, "text": "Bom dia!"}}
        made = Api().post("/api/v1/crm/messages/schedule", told, as_=self.tenant.admin)
        return str(made.get_json()["id"])

    # Calling it

    def calls(self, row: Row) -> None:
        """Let everything call it that calls a URL from outside."""
        ways: dict[str, tuple[bytes, Callable[[Row], bool]]] = {
            "base_url": (b'{"name": "default", "status": "WORKING"}', self._asks),
            "media_url": (sample("image", "x"), self._fetches),
            "fresh_media_url": (sample("image", "x"), self._fetches_anew),
        }
        for name, (body, way) in ways.items():
            self._try(row, name, network_for(row, body), way)

    def _try(self, row: Row, name: str, network: FakeNetwork, way: Callable[[Row], bool]) -> None:
        attempts = max((len(answers) for answers in network.dns.values()), default=1)
        for attempt in range(1, attempts + 1):
            with _inside(network):
                succeeded = way(row)
            self.tally.cases += 1
            where = f"{row['id']} {name} {attempt}"
            if len(network.lookups) > attempt:
                self.tally.second_lookups.append(where)
            if network.written.count(b" HTTP/1.1\r\n") > attempt:
                self.tally.second_requests.append(where)
        # A proxy of the environment is not asked, so what would go wrong with one does not.
        wanted = row["verdict"] == "allow" or row.get("server") == {"behaviour": "proxy_env"}
        if succeeded is not wanted:
            self.tally.wrong_verdicts.append(f"{where}: {'called' if succeeded else 'not called'}")
        self._look(where, name, network)

    def _look(self, where: str, name: str, network: FakeNetwork) -> None:
        inward = [each for each in network.connected if not _is_outside(each)]
        self.tally.inward_connections.extend(f"{where}: {each}" for each in inward)
        if name != "base_url" and KEY in network.written:
            self.tally.keys_given_away.append(where)

    def _asks(self, row: Row) -> bool:
        self.world.run("update channels set base_url = :url where id = :id", url=row["url"], id=self.channel.id)
        with unit_of_work(self.tenant.tenant_id) as uow:
            channel = Channels(uow).get(self.channel.id)
        with suppress(WahaError), open_waha(channel) as waha:
            waha.check()
            return True
        return False

    def _fetches(self, row: Row) -> bool:
        self.world.run("update channels set base_url = 'https://waha.example.com' where id = :id", id=self.channel.id)
        self.world.run(_POINT, url=row["url"], message_id=self.message_id)
        media_id = UUID(self.world.run(_ANEW, message_id=self.message_id)[0][0] or "")
        give(self.tenant.tenant_id, FetchMedia(media_id=media_id))
        return bool(self.world.value("select status from media_files where id = :id", id=media_id) == "stored")

    def _fetches_anew(self, row: Row) -> bool:
        """WAHA itself says that the file is there now."""
        with patch.object(fetching, "fresh_url", lambda *_: row["url"]):
            return self._fetches({**row, "url": ""})


def _is_outside(address: str) -> bool:
    """By another rule than the guard's own."""
    with suppress(ValueError):
        found = ipaddress.ip_address(address)
        return found.is_global and not found.is_multicast and address not in OWN
    return False


@contextmanager
def _inside(network: FakeNetwork) -> Iterator[None]:
    """Whatever is called, this resolver and this network hear of it and nobody else."""
    caged = partial(guard.GuardedTransport, resolve=network.resolve, network=network)
    with patch.object(guard, "GuardedTransport", caged):
        yield


def uncovered() -> list[str]:
    """Fields that take a URL and stand on no list."""
    document = json.loads(FILE.read_text())
    found = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}) if isinstance(operation, dict) else {}
            for name in _urls(document, body):
                found.add(f"{method} {path} {name}")
    return sorted(found ^ FIELDS)


def _urls(document: Row, schema: Any, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all properties in a schema that are URLs."""
    if isinstance(schema, list):
        for each in schema:
            yield from _urls(document, each, seen)
    if not isinstance(schema, dict):
        return
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    if name and name not in seen:
        yield from _urls(document, document["components"]["schemas"][name], (*seen, name))
    for key, inner in schema.items():
        properties = inner.items() if key == "properties" and isinstance(inner, dict) else ()
        yield from (field for field, told in properties if _is_url(told))
        yield from _urls(document, inner, seen)


def _is_url(told: Any) -> bool:
    """Whether a property is a URL, or may be one."""
    ways = [told, *told.get("anyOf", ())] if isinstance(told, dict) else []
    return any(isinstance(way, dict) and way.get("format") == "uri" for way in ways)


def measure(written: list[Row], called: list[Row]) -> dict[str, Any]:
    """Write these URLs down, and call those."""
    tally = Tally(uncovered=uncovered())
    with ExitStack() as stack:
        world = stack.enter_context(stage("ssrf"))
        stack.enter_context(environment({"OWN_HOSTS": ",".join(sorted(OWN)), **PROXIES}))
        stack.enter_context(bucket())
        tenant = world.new_tenant()
        channel = waha_channel(world, Api(), tenant)
        spoken = speak(world, channel, kind="image", media={"url": None, "mimetype": "image/jpeg", "filename": None})
        with _inside(FakeNetwork({}, [])):
            world.drain(tolerate=True)
        range_ = Range(world, tenant, channel, spoken.message_id, tally)
        for row in written:
            range_.writes(row)
        for row in called:
            range_.calls(row)
    return figures(tally)


def figures(tally: Tally) -> dict[str, Any]:
    bad = {name: found for name, found in vars(tally).items() if isinstance(found, list)}
    return {
        "urls": len(CORPUS),
        "cases": tally.cases,
        **{name: len(found) for name, found in bad.items()},
        "names": [name for found in bad.values() for name in found][:20],
        "bar": BAR,
        "passed": not any(bad.values()),
    }


def run(long: bool) -> dict[str, Any]:
    step = 1 if long else QUICK_STEP
    often = (row for number, row in enumerate(CORPUS) if number % step == 0 or row["category"] == "redirect")
    return measure(CORPUS, [row for row in often if is_called(row)])


def is_called(row: Row) -> bool:
    """Whether it can get so far: some are refused by every route that keeps one."""
    return bool(row["stage"] != "create")


def _faulty(plant: Callable[[], AbstractContextManager[Any]], category: str) -> Callable[[], dict[str, Any]]:
    """The fault, among some of the URLs by which it shows."""
    rows = [row for row in CORPUS if row["category"] == category][:WITH_FAULT]

    def see() -> dict[str, Any]:
        with plant():
            return measure(rows, list(filter(is_called, rows)))

    return see


def unchecked_when_written() -> AbstractContextManager[Any]:
    """A route keeps whatever URL it is given."""
    return patch.object(fields, "check_url", lambda *_, **__: None)


def pythons_own_rule() -> AbstractContextManager[Any]:
    """An address is public if Python's library says that it is no private one."""
    return patch.object(urls, "is_public", lambda address: not (address.is_private or address.is_loopback))


def names_connected() -> AbstractContextManager[Any]:
    """The answers of DNS are checked, and then the name is connected, which asks DNS again."""
    addresses = guard.GuardedBackend._addresses

    def checked(self: guard.GuardedBackend, host: str, port: int, deadline: float) -> list[str]:
        addresses(self, host, port, deadline)
        return addresses(self, host, port, deadline)

    return patch.object(guard.GuardedBackend, "_addresses", checked)


def answers_unchecked() -> AbstractContextManager[Any]:
    """Literals are checked, and what a name leads to is not."""

    def found(self: guard.GuardedBackend, host: str, port: int, deadline: float) -> list[str]:
        return [host] if public_addresses.parse(host) else self._answers(host, port, deadline)

    return patch.object(guard.GuardedBackend, "_addresses", found)


def redirects_followed() -> AbstractContextManager[Any]:
    """An answer that points elsewhere is followed."""
    made = guard.client

    def following(*places: Any, **options: Any) -> Any:
        http = made(*places, **options)
        http.follow_redirects = True
        return http

    return patch.object(guard, "client", following)


def key_for_everybody() -> AbstractContextManager[Any]:
    """Every server is taken for the channel's own."""
    return patch.object(files, "origin", lambda *_: "https://waha.example.com:443")


FAULTS = {
    fault.__name__: _faulty(fault, category)
    for fault, category in (
        (unchecked_when_written, "special_v6"),
        (pythons_own_rule, "special_v4"),
        (names_connected, "dns_rebinding"),
        (answers_unchecked, "dns_answer"),
        (redirects_followed, "redirect"),
        (key_for_everybody, "allowed"),
    )
}
