"""Contacts by FastAPI and asyncpg: its own pool, one transaction per request, statements prepared."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Header, HTTPException

from tests.benchmarks import peer

CONNECTIONS = 16
_pools: list[Any] = []


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=1, max_size=CONNECTIONS, init=read_json
    ) as made:
        _pools.append(made)
        yield


async def read_json(connection: Any) -> None:
    await connection.set_type_codec("json", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def transaction(token: str) -> AsyncIterator[Any]:
    claims = peer.caller(token)
    if not await peer.admit(claims):
        raise HTTPException(429)
    async with _pools[0].acquire() as connection, connection.transaction():
        await connection.execute(peer.SCOPE, claims["tenant_id"])
        if await connection.fetchrow(peer.PROVE, *peer.proof(claims)) is None:
            raise HTTPException(401)
        yield connection


async def token_of(x_forwarded_authorization: Annotated[str, Header()]) -> str:
    return x_forwarded_authorization


Token = Annotated[str, Depends(token_of)]


async def get_contact(contact_id: UUID, token: Token) -> peer.Contact:
    async with transaction(token) as connection:
        row = await connection.fetchrow(peer.ONE, contact_id)
    if row is None:
        raise HTTPException(404)
    return peer.Contact(**row)


async def list_contacts(token: Token, limit: int = 25) -> peer.Contacts:
    async with transaction(token) as connection:
        rows = await connection.fetch(peer.LIST, limit + 1)
    data = [peer.Contact(**row) for row in rows[:limit]]
    return peer.Contacts(data=data, paging={"limit": limit, "has_more": len(rows) > limit}, meta={})


app = FastAPI(lifespan=lifespan)
app.add_api_route("/api/v1/crm/contacts/{contact_id}", get_contact, methods=["GET"])
app.add_api_route("/api/v1/crm/contacts", list_contacts, methods=["GET"])
