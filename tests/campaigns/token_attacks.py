"""The attacks on tokens: each is the headers that somebody sends who should not come in."""

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.fakes.oidc import FakeIssuer
from shared.runtime.settings import settings
from tests.support.tenants import Tenant

Headers = dict[str, str]
Attack = tuple[str, Headers]
_ELSEWHERE = "https://evil.example.com/keys"


@dataclass(frozen=True)
class Target:
    """Who is attacked: a tenant, another one, an outside issuer that is believed, and dead credentials."""

    tenant: Tenant
    other: Tenant
    suspended: Tenant
    signed_out: Tenant
    outside: FakeIssuer
    subject: str

    @property
    def key_id(self) -> str:
        return str(json.loads(settings().token_public_keys)["keys"][0]["kid"])

    @property
    def public(self) -> dict[str, Any]:
        key: dict[str, Any] = json.loads(settings().token_public_keys)["keys"][0]
        return key

    def claims(self, **changes: Any) -> dict[str, Any]:
        """What a good token says; a change to None leaves a claim out."""
        now, admin = int(time.time()), self.tenant.admin
        usual = {
            "iss": settings().token_issuer,
            "aud": settings().token_audience,
            "sub": str(admin.user_id),
            "tenant_id": str(admin.tenant_id),
            "project_id": str(admin.project_id),
            "sid": str(admin.session_id),
            "iat": now,
            "exp": now + 300,
        }
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def signed(self, claims: Any, **header: Any) -> str:
        """With our own key and by hand, since no library would sign what some attacks need."""
        text = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        head = {"alg": "EdDSA", "typ": "JWT", "kid": self.key_id, **header}
        return self.sealed(json.dumps(head).encode(), text)

    def sealed(self, head: bytes, text: bytes) -> str:
        """The same with a header that no dictionary could say."""
        signing = serialization.load_pem_private_key(settings().token_signing_key.encode(), None)
        assert isinstance(signing, Ed25519PrivateKey)
        begun = f"{encoded(head)}.{encoded(text)}"
        return f"{begun}.{encoded(signing.sign(begun.encode()))}"


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def attacks(target: Target, flips: int) -> dict[str, Iterator[Attack]]:
    """All of them by their kind; `flips` is how many bits of a good signature are turned, one by one."""
    tokens = {
        "algorithms": algorithms(target),
        "keys": keys(target),
        "claims": claims(target),
        "readings": readings(target),
        "spellings": spellings(target, flips),
        "outside": outside(target),
        "outside_purposes": outside_purposes(target),
    }
    borne = {kind: ((name, bearer(token)) for name, token in found) for kind, found in tokens.items()}
    return {**borne, "credentials": credentials(target), "transports": transports(target)}


def unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}.{encoded(signature)}"


def keyed(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """An HMAC with any key at all."""
    method = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[header["alg"]]
    begun = unsigned(header, claims).rstrip(".")
    return f"{begun}.{encoded(hmac.new(key, begun.encode(), method).digest())}"


def algorithms(target: Target) -> Iterator[tuple[str, str]]:
    good, head = target.claims(), {"kid": target.key_id, "typ": "JWT"}
    signature = base64.urlsafe_b64decode(target.signed(good).rpartition(".")[2] + "==")
    odd: tuple[Any, ...] = ("none", "None", "NONE", "nOnE", None, [], {}, 1, "", "EDDSA", "dir")
    for alg in odd:
        yield f"alg {alg!r} unsigned", unsigned({**head, "alg": alg}, good)
        yield f"alg {alg!r} with the signature kept", unsigned({**head, "alg": alg}, good, signature)
    yield "alg missing", unsigned(head, good, signature)
    for key_name, key in public_forms(target):
        for hashed in ("HS256", "HS384", "HS512"):
            yield f"{hashed} keyed with {key_name}", keyed({**head, "alg": hashed}, good, key)
    forger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    for name in ("RS256", "PS256"):
        yield f"{name} of a forger", jwt.encode(good, forger, name, {"kid": target.key_id})
    curve = ec.generate_private_key(ec.SECP256R1())
    yield "ES256 of a forger", jwt.encode(good, curve, "ES256", {"kid": target.key_id})
    yield "ES256 of zeroes", unsigned({**head, "alg": "ES256"}, good, bytes(64))
    yield "EdDSA of zeroes", unsigned({**head, "alg": "EdDSA"}, good, bytes(64))
    yield "an encrypted token", ".".join(encoded(part) for part in (b'{"alg":"dir","enc":"A256GCM"}', *[b"x" * 12] * 4))
    yield "a token within a token", target.signed(target.signed(good).encode(), cty="JWT")


def public_forms(target: Target) -> Iterator[tuple[str, bytes]]:
    public = target.public
    raw = base64.urlsafe_b64decode(public["x"] + "==")
    signing = serialization.load_pem_private_key(settings().token_signing_key.encode(), None)
    kind, form = serialization.Encoding, serialization.PublicFormat.SubjectPublicKeyInfo
    pem = signing.public_key().public_bytes(kind.PEM, form)
    yield from (("PEM", pem), ("PEM without its end", pem.strip()), ("raw", raw), ("x", public["x"].encode()))
    yield "DER", signing.public_key().public_bytes(kind.DER, form)
    yield "JWK", json.dumps(public).encode()
    yield from (("nothing", b""), ("secret", b"secret"), ("a zero", b"\0"))


def keys(target: Target) -> Iterator[tuple[str, str]]:
    good, forger = target.claims(), Ed25519PrivateKey.generate()
    mine = jwt.algorithms.OKPAlgorithm.to_jwk(forger.public_key(), as_dict=True)
    for name in ("other", "", "../../dev/null", "' UNION SELECT 'k", "x" * 5000, target.outside.key_id):
        yield f"kid {name[:20]!r}", jwt.encode(good, forger, "EdDSA", {"kid": name})
        yield f"kid {name[:20]!r}, else good", target.signed(good, kid=name)
    for odd in (1, ["k"], {"k": 1}, None, True):
        yield f"kid {odd!r}", target.signed(good, kid=odd)
    brought = {"jwk": mine, "jku": _ELSEWHERE, "x5u": _ELSEWHERE, "x5c": [encoded(b"certificate")]}
    for header, value in brought.items():
        yield f"{header} of a forger", jwt.encode(good, forger, "EdDSA", {"kid": target.key_id, header: value})
        yield f"{header} alone", jwt.encode(good, forger, "EdDSA", {header: value})
    yield "a forger's key under our kid", jwt.encode(good, forger, "EdDSA", {"kid": target.key_id})
    yield "crit unknown", target.signed(good, crit=["exp-ok"], **{"exp-ok": True})
    yield "crit empty", target.signed(good, crit=[])
    yield "crit no list", target.signed(good, crit="b64")
    yield "b64 false", target.signed(good, b64=False, crit=["b64"])


def claims(target: Target) -> Iterator[tuple[str, str]]:
    now = int(time.time())
    issuer, audience = settings().token_issuer, settings().token_audience
    stranger, ended = target.other.agent, target.signed_out.admin
    changed: dict[str, list[Any]] = {
        "exp": [None, now - 1, "soon", str(now + 60), float("nan"), float("inf"), 10**30, -1, True, [], now + 86400],
        "nbf": [now + 600, "later", float("inf"), [], True],
        "iat": [None, now + 600, "now", float("inf"), 10**30, []],
        "aud": [
            None,
            "",
            "other",
            audience[:-1],
            f"{audience}x",
            audience.upper(),
            [audience],
            [audience, "other"],
            {},
        ],
        "iss": [None, "", f"{issuer}/", issuer.upper(), issuer.replace("e", "\u0435"), [issuer], "https://x.example"],
        "sub": [
            None,
            "",
            7,
            "ana",
            [],
            {},
            str(stranger.user_id),
            "\0",
            "\ud800",
            *misspelt(target.tenant.admin.user_id),
        ],
        "tenant_id": [None, "", 7, [], str(stranger.tenant_id), "\0", *misspelt(target.tenant.tenant_id)],
        "project_id": [None, "", 7, [], str(stranger.project_id)],
        "sid": [None, "", 7, [], str(stranger.session_id), str(target.tenant.agent.session_id), "\u0661" * 32],
    }
    for name, values in changed.items():
        for value in values:
            yield f"{name} {value!r}", target.signed(target.claims(**{name: value}))
    for payload in (b"[]", b'"text"', b"1", b"null", b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"exp": 1e999}'):
        yield f"payload {payload[:12]!r}", target.signed(payload)
    for name, person in (("suspended", target.suspended.admin), ("signed out", ended)):
        yield f"of somebody {name}", person.token


def misspelt(id: UUID) -> list[str]:
    """Ways to write an id that some readers take."""
    return [f"urn:uuid:{id}", f"{{{id}}}", id.hex, f" {id}", f"0_{id.hex[1:]}", "\u0661" * 32]


def readings(target: Target) -> Iterator[tuple[str, str]]:
    """Well signed, and read differently by different readers, or made for something else."""
    good = json.dumps(target.claims()).encode()
    head = json.dumps({"alg": "EdDSA", "kid": target.key_id}).encode()
    for claim in (b'"sub": "x"', b'"exp": 1', b'"tenant_id": "x"'):
        yield f"twice {claim!r}", target.sealed(head, b"{" + claim + b", " + good[1:])
    yield "two algorithms", target.sealed(b'{"alg": "none", ' + head[1:], good)
    yield "a byte order mark", target.signed(b"\xef\xbb\xbf" + good)
    for name in ("utf-16", "utf-16-le", "utf-32"):
        yield f"written in {name}", target.signed(good.decode().encode(name))
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt", "refresh", "", 5, None, ["JWT"]):
        yield f"header typ {kind!r}", target.signed(good, typ=kind)


def spellings(target: Target, flips: int) -> Iterator[tuple[str, str]]:
    good = target.signed(target.claims())
    head, body, tail = good.split(".")
    raw = base64.urlsafe_b64decode(tail + "==")
    for bit in random.Random(7).sample(range(512), flips):
        turned = int.from_bytes(raw, "big") ^ (1 << bit)
        yield f"bit {bit} turned", f"{head}.{body}.{encoded(turned.to_bytes(64, 'big'))}"
    for cut in (1, 2, 43, 85):
        yield f"{cut} characters short", good[:-cut]
    other = target.signed(target.claims(tenant_id=str(target.other.tenant_id))).split(".")[1]
    yield "another payload", f"{head}.{other}.{tail}"
    odd = (f"{good}=", f"{good}==", f" {good}", f"{good} x", f"{good}!", f"{good}.", f".{good}", f"{head}.{body}")
    more = (f"{good}.{tail}", f"{head}..{tail}", f"{head}.{body}.", "..", ".", "e30.e30.e30", f"{head}\t.{body}.{tail}")
    for number, spelling in enumerate((*odd, *more, good.replace(".", "%2E"), "x" * (1 << 20), f"{good}é")):
        yield f"spelling {number}", spelling


def outside(target: Target) -> Iterator[tuple[str, str]]:
    """The same ideas with the issuer that is believed from outside."""
    issuer, known = target.outside, {"kid": target.outside.key_id}
    good = issuer.claims(target.subject)
    pem = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for key_name, key in (("PEM", pem), ("stripped PEM", pem.strip()), ("JWK", json.dumps(issuer.jwks()).encode())):
        yield f"outside HS256 keyed with {key_name}", keyed({"alg": "HS256", **known}, good, key)
    for alg in ("RS384", "RS512", "PS256"):
        yield f"outside {alg}", jwt.encode(good, issuer.key, alg, known)
    yield "outside alg none", unsigned({"alg": "none", **known}, good)
    yield "outside without kid", jwt.encode(good, issuer.key, "RS256")
    yield "outside with our kid", jwt.encode(good, issuer.key, "RS256", {"kid": target.key_id})
    yield "outside signed by us", target.signed(good)
    yield "outside token that says it is ours", jwt.encode(target.claims(), issuer.key, "RS256", known)
    yield "outside of a stranger", issuer.token("nobody-linked")
    for name, value in (("aud", "account"), ("aud", None), ("exp", 1), ("exp", None), ("sub", ""), ("sub", None)):
        yield f"outside {name} {value!r}", issuer.token(target.subject, **{name: value})
    later: tuple[tuple[str, Any], ...] = (("exp", float("inf")), ("nbf", 1 << 40), ("iat", 1 << 40))
    for name, value in (*later, ("iss", f"{issuer.issuer}/")):
        yield f"outside {name} {value!r}", issuer.token(target.subject, **{name: value})


def outside_purposes(target: Target) -> Iterator[tuple[str, str]]:
    """Well signed by the issuer that is believed, for something else or for ever."""
    issuer, known = target.outside, {"kid": target.outside.key_id}
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt", "refresh"):
        header = {**known, "typ": kind}
        yield f"outside header typ {kind}", jwt.encode(issuer.claims(target.subject), issuer.key, "RS256", header)
    changed: tuple[dict[str, Any], ...] = (
        *({"typ": kind} for kind in ("ID", "Refresh", "Logout", "bearer", 5)),
        *({"typ": None, mark: "x"} for mark in ("nonce", "at_hash")),
        *({mark: {"x": "y"}} for mark in ("events", "cnf", "at_hash")),
        *({"exp": odd} for odd in (True, str(1 << 33), 1 << 40, 10**30)),
        *({name: odd} for name in ("iat", "nbf") for odd in (True, "1")),
        *({"sub": odd} for odd in ("\ud800", "a\nb", " ", f"{target.subject}\u200b")),
    )
    for changes in changed:
        yield f"outside {changes!r}", issuer.token(target.subject, **changes)


def credentials(target: Target) -> Iterator[Attack]:
    person, dead = target.tenant.admin, target.suspended.admin
    key = person.key.key
    moved = key.replace(target.tenant.tenant_id.hex, target.other.tenant_id.hex)
    for number, odd in enumerate((key[:-1], f"{key}x", key[:35], moved, key.upper(), "", "vk_", f"{key[:-1]}é", "\0")):
        yield f"key {number}", {"X-API-Key": odd}
    yield "a suspended person's key", dead.key.headers
    yield "a key as a token", bearer(key)
    yield "a token as a key", {"X-API-Key": person.token}
    yield "both at once", {**person.headers, **person.key.headers}
    yield "a refresh token as a token", bearer(f"vr_{target.tenant.tenant_id.hex}_{'x' * 43}_{'x' * 43}")


def transports(target: Target) -> Iterator[Attack]:
    token, admin = target.tenant.admin.token, target.tenant.admin
    for scheme in ("Basic ", "Bearer\t", "Bearer  ", "Bearer", "", "Token ", "Bearer Bearer "):
        yield f"scheme {scheme!r}", {"Authorization": f"{scheme}{token}"}
    yield "nothing at all", {}
    yield "a cookie", {"Cookie": f"access_token={token}; Authorization=Bearer {token}"}
    yield "the gateway's own header", {"X-Forwarded-Authorization": f"Bearer {token}"}
    yield "the gateway's user", {"X-Apigateway-Api-Userinfo": encoded(json.dumps(target.claims()).encode())}
    yield "headers of a task", {"X-CloudTasks-TaskName": "1", "X-CloudTasks-QueueName": "sweeps"}
    for prefix in ("X-Dev", "X-Debug", "X-Test"):
        yield (
            f"{prefix} headers",
            {f"{prefix}-User-ID": str(admin.user_id), f"{prefix}-Tenant-ID": str(admin.tenant_id)},
        )
