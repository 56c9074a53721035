"""Contacts by FastAPI and psycopg 3: async, a pool of connections, one transaction per request, statements prepared."""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, TypeAlias
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Header, HTTPException
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from tests.benchmarks import peer

CONNECTIONS = 16
Database: TypeAlias = Any  # AsyncConnection[DictRow]; the test environment has no psycopg
_idle: "asyncio.LifoQueue[Database]" = asyncio.LifoQueue()
_opened = 0


def numbered(text: str) -> str:
    return re.sub(r"\$\d", "%s", text)


SCOPE, PROVE, ONE, LIST = map(numbered, (peer.SCOPE, peer.PROVE, peer.ONE, peer.LIST))
NEW_CONTACT, NEW_IDENTITY, NEW_EVENT = map(numbered, (peer.NEW_CONTACT, peer.NEW_IDENTITY, peer.NEW_EVENT))


async def connection() -> Database:
    """An idle connection; a new one while there may be more."""
    global _opened  # noqa: PLW0603 - one event loop, one thread
    if _idle.empty() and _opened < CONNECTIONS:
        _opened += 1
        return await AsyncConnection[DictRow].connect(
            os.environ["DATABASE_URL"], row_factory=dict_row, prepare_threshold=1
        )
    return await _idle.get()


@asynccontextmanager
async def transaction(token: str) -> AsyncIterator[tuple[Database, dict[str, Any]]]:
    claims = peer.caller(token)
    if not await peer.admit(claims):
        raise HTTPException(429)
    database = await connection()
    try:
        async with database.transaction():
            await database.execute(SCOPE, (claims["tenant_id"],))
            found = await (await database.execute(PROVE, peer.proof(claims))).fetchone()
            if found is None:
                raise HTTPException(401)
            yield database, claims
    finally:
        _idle.put_nowait(database)


async def token_of(x_forwarded_authorization: Annotated[str, Header()]) -> str:
    return x_forwarded_authorization


Token = Annotated[str, Depends(token_of)]


async def get_contact(contact_id: UUID, token: Token) -> peer.Contact:
    async with transaction(token) as (database, _):
        row = await (await database.execute(ONE, (contact_id,))).fetchone()
    if row is None:
        raise HTTPException(404)
    return peer.Contact(**row)


async def list_contacts(token: Token, limit: int = 25) -> peer.Contacts:
    async with transaction(token) as (database, _):
        rows = await (await database.execute(LIST, (limit + 1,))).fetchall()
    data = [peer.Contact(**row) for row in rows[:limit]]
    return peer.Contacts(data=data, paging={"limit": limit, "has_more": len(rows) > limit}, meta={})


async def create_contact(body: peer.NewContact, token: Token) -> peer.Contact:
    contact_id = uuid4()
    async with transaction(token) as (database, claims):
        tenant_id, _, project_id = peer.proof(claims)
        await database.execute(NEW_CONTACT, (contact_id, tenant_id, project_id, body.name))
        await database.execute(NEW_IDENTITY, (tenant_id, project_id, body.phone, contact_id))
        envelope = json.dumps({"event_type": "contact.created", "data": {"contact_id": str(contact_id)}})
        event = (uuid4(), tenant_id, project_id, f"{tenant_id}:{contact_id}", envelope)
        await database.execute(NEW_EVENT, event)
        row = await (await database.execute(ONE, (contact_id,))).fetchone()
    return peer.Contact(**(row or {}))


app = FastAPI()
app.add_api_route("/api/v1/crm/contacts/{contact_id}", get_contact, methods=["GET"])
app.add_api_route("/api/v1/crm/contacts", list_contacts, methods=["GET"])
app.add_api_route("/api/v1/crm/contacts", create_contact, methods=["POST"], status_code=201)
