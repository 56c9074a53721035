"""Whether anything but what a channel's WAHA server has signed is taken in, and all of that is."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from functions.webhooks import receive_waha as function
from infra.fakes.waha_events import Party, make_event
from shared.crm.inbound.gate import Gate, channel_token
from shared.providers.waha import signature
from shared.providers.waha.signature import sign
from shared.runtime.identity import new_secret
from shared.runtime.sealing import seal
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.waha import HMAC_KEY, WahaChannel, waha_channel
from tests.support.world import World

ANA = Party(phone="5511987654321", name="Ana")
NEW_KEY = "the key that came after a rotation"
OTHER_KEY = "the key of somebody else's channel"
HEADER, ALGORITHM = "X-Webhook-Hmac", "X-Webhook-Hmac-Algorithm"
LONG_STEP, QUICK_STEP = 1, 9  # of the body's bytes, one in so many is changed
OK, NOBODY, NOWHERE = 200, 401, 404
SERVER_ERROR = 500
BAR = "0 accepted wrongly, 0 refused wrongly, 0 answers of 500 and more, 0 rows left by what was refused"
_ROWS = "select (select count(*) from inbound_deliveries) + (select count(*) from outbox_events) as found"


@dataclass(frozen=True)
class Case:
    """One request, and the status it must be answered with."""

    name: str
    body: bytes
    headers: dict[str, str]
    wanted: int = NOBODY
    path: str = ""


@dataclass
class Tally:
    cases: int = 0
    accepted_wrongly: list[str] = field(default_factory=list)
    refused_wrongly: list[str] = field(default_factory=list)
    server_errors: list[str] = field(default_factory=list)
    left_rows: list[str] = field(default_factory=list)


def signed(body: bytes, key: str = HMAC_KEY, **more: str) -> dict[str, str]:
    return {HEADER: sign(body, key), ALGORITHM: "sha512", **more}


def an_event(number: int = 0) -> bytes:
    event = make_event("GOWS", "text", body=f"Olá, é a Ana {number}", customer=ANA, message_id=f"3EB0{number:06}")
    return json.dumps({**event, "id": f"evt_{number:026}"}, ensure_ascii=False).encode()


def good() -> Iterator[Case]:
    """What must be taken in."""
    plain = an_event(1)
    yield Case("as it comes", plain, signed(plain), OK)
    yield Case("the same again", plain, signed(plain), OK)
    yield Case("without an algorithm", an_event(2), {HEADER: sign(an_event(2), HMAC_KEY)}, OK)
    yield Case("sent long ago", an_event(3), signed(an_event(3), **{"X-Webhook-Timestamp": "1600000000000"}), OK)
    yield Case("header in small letters", an_event(4), {HEADER.lower(): sign(an_event(4), HMAC_KEY)}, OK)
    spaced = json.dumps(json.loads(an_event(5)), indent=4).encode()
    yield Case("JSON with spaces", spaced, signed(spaced), OK)
    wide = an_event(6).decode().encode("utf-16")
    yield Case("JSON in UTF-16", wide, signed(wide), OK)


def changed_bodies(body: bytes, step: int) -> Iterator[Case]:
    """The signature is right, but of another body."""
    for at in range(0, len(body), step):
        yield Case(f"byte {at} changed", body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :], signed(body))
    event = json.loads(body)
    others = {
        "written anew": json.dumps(event, separators=(",", ":")).encode(),
        "keys sorted": json.dumps(event, sort_keys=True).encode(),
        "escaped": json.dumps(event, ensure_ascii=True).encode(),
        "another id": body.replace(event["id"].encode(), b"evt_00000000000000000000replay"),
        "another charset": body.decode().encode("latin-1"),
        "a byte order mark": b"\xef\xbb\xbf" + body,
        "a line's end": body + b"\n",
        "cut": body[:-1],
        "doubled": body + body,
        "nothing": b"",
    }
    yield from (Case(name, other, signed(body)) for name, other in others.items())


def changed_headers(body: bytes) -> Iterator[Case]:
    """The body is right, but not its signature."""
    right = sign(body, HMAC_KEY)
    for at in range(len(right)):
        digit = "0" if right[at] != "0" else "1"
        yield Case(f"digit {at} changed", body, {HEADER: right[:at] + digit + right[at + 1 :]})
    others = {
        "empty": "",
        "short": right[:-1],
        "shorter": right[:64],
        "long": right + "0",
        "upper-case": right.upper(),
        "with its name": f"sha512={right}",
        "spaces before": f"  {right}x",
        "not hex": "g" * 128,
        "not ASCII": "é" * 128,
        "Arabic digits": "\u0661".encode().decode("latin-1") * 64,
        "twice": f"{right},{right}",
        "after another": f"{'0' * 128}, {right}",
        "base64": base64.b64encode(bytes.fromhex(right)).decode(),
        "a null": "null",
        "huge": "a" * 20_000,
    }
    yield Case("no header", body, {})
    yield from (Case(name, body, {HEADER: other}) for name, other in others.items())
    for name in ("sha256", "SHA512", "", "none", "sha512, sha512"):
        yield Case(f"algorithm {name!r}", body, {HEADER: right, ALGORITHM: name})


def other_keys(body: bytes) -> Iterator[Case]:
    """Signed, but not with this channel's key."""
    digests = {
        "the unsigned hash": hashlib.sha512(body).hexdigest(),
        "SHA-256": hmac.new(HMAC_KEY.encode(), body, hashlib.sha256).hexdigest(),
        "SHA-256 twice": hmac.new(HMAC_KEY.encode(), body, hashlib.sha256).hexdigest() * 2,
        "key and body joined": hashlib.sha512(HMAC_KEY.encode() + body).hexdigest(),
    }
    yield from (Case(name, body, {HEADER: digest}) for name, digest in digests.items())
    for name, key in {
        "no key": "",
        "the key and a space": f"{HMAC_KEY} ",
        "the key in capitals": HMAC_KEY.upper(),
        "the API key": "waha-key",
        "another channel's key": OTHER_KEY,
    }.items():
        yield Case(name, body, signed(body, key))


@dataclass(frozen=True)
class Range:
    """A tenant's channel to aim at, and others beside it."""

    world: World
    channel: WahaChannel
    beside: WahaChannel
    elsewhere: WahaChannel
    keyless: WahaChannel
    tally: Tally

    def shoot(self, cases: Iterator[Case]) -> None:
        for case in cases:
            self._shoot(case)

    def _shoot(self, case: Case) -> None:
        before = self.world.value(_ROWS)
        answer = Api().post(case.path or self.channel.path, data=case.body, headers=case.headers)
        self.tally.cases += 1
        if answer.status_code >= SERVER_ERROR:
            self.tally.server_errors.append(case.name)
        if case.wanted == OK and answer.status_code != OK:
            self.tally.refused_wrongly.append(case.name)
        if case.wanted not in {OK, answer.status_code}:
            self.tally.accepted_wrongly.append(f"{case.name}: {answer.status_code}")
        if case.wanted != OK and self.world.value(_ROWS) != before:
            self.tally.left_rows.append(case.name)

    def other_addresses(self) -> Iterator[Case]:
        """Signed for one channel, sent to another, or to none."""
        body = an_event(90)
        ours, theirs = self.channel.tenant.tenant_id, self.elsewhere.tenant.tenant_id
        secret = self.channel.path.rpartition(".")[2]
        door = self.channel.path.rpartition("/")[0]
        for channel in (self.beside, self.elsewhere, self.keyless):
            yield Case(f"sent to {channel.path[-6:]}", body, signed(body), path=channel.path)
        yield Case("signed with no key where there is none", body, signed(body, ""), path=self.keyless.path)
        for name, token in {
            "our secret in their house": channel_token(theirs, secret),
            "a secret nobody has": channel_token(ours, new_secret()),
            "capitals": channel_token(ours, secret).upper(),
            "cut": channel_token(ours, secret)[:-1],
            "no token": "-",
        }.items():
            yield Case(name, body, signed(body), NOWHERE, path=f"{door}/{token}")

    def rotation(self) -> Iterator[Case]:
        """The old key ends with the moment in which a new one is kept."""
        yield Case("before", an_event(91), signed(an_event(91)), OK)
        yield Case("the new key before its time", an_event(92), signed(an_event(92), NEW_KEY))
        sealed = seal(NEW_KEY, belongs_to=f"channel:{self.channel.id}:hmac_key")
        self.world.run(
            "update channels set hmac_key_sealed = :sealed where id = :id", sealed=sealed, id=self.channel.id
        )
        yield Case("the old key", an_event(93), signed(an_event(93)))
        yield Case("the new key", an_event(94), signed(an_event(94), NEW_KEY), OK)
        yield Case("the old key later", an_event(95), signed(an_event(95)))
        yield Case("a replay under the old key", an_event(91), signed(an_event(91)))


def measure(world: World, step: int, only: str = "") -> dict[str, Any]:
    """Shoot all there is, or, behind what is good, `only` the cases of one part."""
    ours, theirs = world.new_tenant(), world.new_tenant("Outra Empresa")
    channel, beside = (waha_channel(world, Api(), ours, session_name=name) for name in ("one", "two"))
    elsewhere, keyless = (waha_channel(world, Api(), theirs, session_name=name) for name in ("three", "four"))
    for other, key in ((beside, OTHER_KEY), (elsewhere, OTHER_KEY), (keyless, "")):
        sealed = seal(key, belongs_to=f"channel:{other.id}:hmac_key")
        world.run("update channels set hmac_key_sealed = :sealed where id = :id", sealed=sealed, id=other.id)
    tally, body = Tally(), an_event()
    range_ = Range(world, channel, beside, elsewhere, keyless, tally)
    parts = {
        "bodies": changed_bodies(body, step),
        "headers": changed_headers(body),
        "keys": other_keys(body),
        "addresses": range_.other_addresses(),
        "rotation": range_.rotation(),
    }
    range_.shoot(good())
    for part, cases in parts.items():
        if only in {"", part}:
            range_.shoot(cases)
    return figures(world, tally)


def figures(world: World, tally: Tally) -> dict[str, Any]:
    bad = {name: found for name, found in vars(tally).items() if isinstance(found, list)}
    replayed = world.value("select count(*) from messages where external_id = '3EB0000001'") != 1
    return {
        "cases": tally.cases,
        **{name: len(found) for name, found in bad.items()},
        "replays_kept": int(replayed),
        "names": [name for found in bad.values() for name in found][:20],
        "bar": BAR,
        "passed": not replayed and not any(bad.values()),
    }


def run(long: bool) -> dict[str, Any]:
    with stage("signatures") as world:
        return measure(world, LONG_STEP if long else QUICK_STEP)


Verify = Callable[..., bool]


def _verifies(otherwise: Verify) -> AbstractContextManager[Any]:
    return patch.object(function, "verify", otherwise)


def read_again() -> AbstractContextManager[Any]:
    """The JSON is signed as we would write it, not as it came."""

    def verify(body: bytes, header: str | None, key: str, algorithm: str | None) -> bool:
        try:
            body = json.dumps(json.loads(body), ensure_ascii=False).encode()
        except ValueError:
            return False
        return signature.verify(body, header, key, algorithm)

    return _verifies(verify)


def any_case() -> AbstractContextManager[Any]:
    """Upper-case digits count as well."""
    return _verifies(lambda body, header, key, name: signature.verify(body, header and header.lower(), key, name))


def half_a_digest() -> AbstractContextManager[Any]:
    """Half of the digits are enough."""

    def verify(body: bytes, header: str | None, key: str, _: str | None) -> bool:
        return bool(key) and sign(body, key)[:64] == (header or "")[:64]

    return _verifies(verify)


def no_header_needed() -> AbstractContextManager[Any]:
    """Who signs nothing is believed."""
    return _verifies(lambda body, header, key, name: header is None or signature.verify(body, header, key, name))


def old_key_remembered() -> AbstractContextManager[Any]:
    """A process goes on with the key it has read."""
    return patch.object(Gate, "check", lambda _self, _channel: None)


def _faulty(fault: Callable[[], AbstractContextManager[Any]], part: str) -> Callable[[], dict[str, Any]]:
    def see() -> dict[str, Any]:
        with stage("signatures") as world, fault():
            return measure(world, QUICK_STEP, part)

    return see


FAULTS = {
    fault.__name__: _faulty(fault, part)
    for fault, part in (
        (read_again, "bodies"),
        (any_case, "headers"),
        (half_a_digest, "headers"),
        (no_header_needed, "headers"),
        (old_key_remembered, "rotation"),
    )
}
