"""What the FastAPI peers share: the same check of the token, the same proof of the caller, the same columns."""

import asyncio
import json
import os
import time
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import jwt
from pydantic import BaseModel

SCOPE = "select set_config('app.tenant_id', $1, true), set_config('app.project_id', '', true)"
PROVE = """
select u.id, m.project_id, m.role, set_config('app.project_id', m.project_id::text, true)
from users u
join memberships m on m.tenant_id = u.tenant_id and m.user_id = u.id
join tenants t on t.tenant_id = u.tenant_id
where u.tenant_id = $1 and u.id = $2 and m.project_id = $3 and u.status = 'active' and t.status = 'active'
"""
_IDENTITIES = "from contact_identities i where i.tenant_id = c.tenant_id and i.contact_id = c.id and not i.is_variant"
_LATEST = "(select i.value {} and i.kind = '{}' order by i.created_at desc, i.value limit 1)"
_COLUMNS = f"""
select c.id, c.project_id, c.name, {_LATEST.format(_IDENTITIES, "phone")} as phone,
    {_LATEST.format(_IDENTITIES, "email")} as email,
    (select coalesce(json_agg(json_build_object('kind', i.kind, 'issuer', i.issuer, 'value', i.value)
        order by i.created_at, i.kind, i.value), '[]'::json) {_IDENTITIES}) as identities,
    c.source, c.score, c.qualification, c.version, c.created_at, c.updated_at
from contacts c
where c.deleted_at is null and c.merged_into_id is null
    and c.project_id = cast(nullif(current_setting('app.project_id', true), '') as uuid)
"""
ONE = f"{_COLUMNS} and c.id = $1"
LIST = f"{_COLUMNS} order by c.created_at desc, c.id desc limit $1"
NEW_CONTACT = """
insert into contacts (id, tenant_id, project_id, version, name, source) values ($1, $2, $3, 1, $4, 'api')
"""
NEW_IDENTITY = """
insert into contact_identities (tenant_id, project_id, kind, value, contact_id) values ($1, $2, 'phone', $3, $4)
"""
NEW_EVENT = """
insert into outbox_events (id, tenant_id, project_id, topic, type, ordering_key, envelope)
values ($1, $2, $3, 'contact', 'contact.created', $4, $5)
"""


class Identity(BaseModel):
    kind: str
    issuer: str
    value: str


class Contact(BaseModel):
    id: UUID
    project_id: UUID
    name: str
    phone: str | None
    email: str | None
    identities: list[Identity]
    source: str
    score: int
    qualification: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class NewContact(BaseModel):
    phone: str
    name: str = ""


class Contacts(BaseModel):
    data: list[Contact]
    paging: dict[str, Any]
    meta: dict[str, Any]


_kept: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []  # connections to the store that are idle


@cache
def public_key() -> Any:
    return jwt.PyJWK(json.loads(os.environ["TOKEN_PUBLIC_KEYS"])["keys"][0], algorithm="EdDSA").key


def caller(header: str) -> dict[str, Any]:
    """The claims of a bearer token; PyJWTError when it is not good."""
    if "PEER_REMEMBERS" not in os.environ:
        return signed_claims(header)
    claims = known_claims(header)
    if claims["exp"] <= time.time():
        raise jwt.ExpiredSignatureError
    return claims


def signed_claims(header: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        header.removeprefix("Bearer "),
        public_key(),
        algorithms=["EdDSA"],
        issuer="https://issuer.ventros.local",
        audience="ventros-api",
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )
    return claims


known_claims = lru_cache(1024)(signed_claims)


async def admit(claims: dict[str, Any]) -> bool:
    """Whether the caller has called no more often than agreed: the same script as ours, where a store is there."""
    if "UPSTASH_URL" not in os.environ:
        return True
    from shared.runtime.limits import SCRIPT

    place = f"limit:{{{claims['tenant_id']}}}:peer"
    keys = [f"{place}:user:{claims['sub']}", f"{place}:tenant"]
    values = ["60", uuid4().hex, "1000000", "20000000"]
    by_hand = "PEER_ASKS_BY_HAND" in os.environ
    told = told_by_hand(["EVAL", SCRIPT, len(keys), *keys, *values]) if by_hand else store().eval(SCRIPT, keys, values)
    free, *_ = await told
    return bool(free)


@cache
def store() -> Any:
    """The same library as ours, in its form for asyncio."""
    from upstash_redis.asyncio import Redis

    address, token = os.environ["UPSTASH_URL"], os.environ["UPSTASH_TOKEN"]
    return Redis(url=address, token=token, rest_retries=0, allow_telemetry=False)


async def told_by_hand(command: list[Any]) -> Any:
    """One command over a kept connection, without the library, which would be most of this peer."""
    address = urlsplit(os.environ["UPSTASH_URL"])
    reader, writer = _kept.pop() if _kept else await asyncio.open_connection(address.hostname, address.port)
    body = json.dumps(command).encode()
    head = f"POST / HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {os.environ['UPSTASH_TOKEN']}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    told = (await reader.readuntil(b"\r\n\r\n")).lower().partition(b"content-length:")[2]
    answer = json.loads(await reader.readexactly(int(told.partition(b"\r\n")[0])))
    _kept.append((reader, writer))
    return answer["result"]


def proof(claims: dict[str, Any]) -> tuple[UUID, UUID, UUID]:
    """The values of PROVE."""
    return UUID(claims["tenant_id"]), UUID(claims["sub"]), UUID(claims["project_id"])
