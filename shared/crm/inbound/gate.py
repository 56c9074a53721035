"""The channel a provider's URL names: found by its token, its secrets opened, kept for half a minute."""

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.kernel.errors import NotFound
from shared.runtime.identity import hash_secret, tenant_scope
from shared.runtime.postgres import connections, sql
from shared.runtime.sealing import unseal
from shared.runtime.settings import settings

KEEP_SECONDS = 30
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")
_FIND = """
select id, project_id, engine, hmac_key_sealed from channels
where tenant_id = :tenant_id and token_hash = :token_hash
"""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What is needed to let a delivery in."""

    tenant_id: UUID
    project_id: UUID
    channel_id: UUID
    engine: str
    hmac_key: str


def channel_token(tenant_id: UUID, secret: str) -> str:
    """What stands in a channel's webhook URL: its tenant in the clear, and a secret."""
    return f"{tenant_id.hex}.{secret}"


def find_gate(token: str, *, fresh: bool = False) -> Gate:
    """The channel of a webhook URL; `fresh` reads it anew, as when a signature does not fit a key we remember."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise NotFound("there is no channel at this address")
    if fresh:
        return _read(match[1], match[2])
    return _remembered(match[1], match[2], int(time.monotonic() / KEEP_SECONDS))


def gate_of(channel: Channel) -> Gate:
    """The same of a channel that we have at hand."""
    return Gate(
        tenant_id=channel.tenant_id,
        project_id=channel.project_id,
        channel_id=channel.id,
        engine=channel.engine,
        hmac_key=unseal(channel.hmac_key_sealed, belongs_to=f"channel:{channel.id}:hmac_key"),
    )


@lru_cache(maxsize=1024)
def _remembered(tenant: str, secret: str, _period: int) -> Gate:
    return _read(tenant, secret)


def _read(tenant: str, secret: str) -> Gate:
    tenant_id = UUID(tenant)
    find = sql(_FIND, tenant_id=tenant_id, token_hash=hash_secret(secret))
    rows = connections(settings().database_url).run(tenant_scope(tenant_id), find)[1]
    if not rows:
        raise NotFound("there is no channel at this address")
    channel_id, project_id, engine, sealed = (value or "" for value in rows[0])
    return Gate(
        tenant_id=tenant_id,
        project_id=UUID(project_id),
        channel_id=UUID(channel_id),
        engine=engine,
        hmac_key=unseal(sealed, belongs_to=f"channel:{channel_id}:hmac_key"),
    )
