"""The channel a provider's URL names: found by its token and remembered for half a minute."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.kernel.errors import NotFound
from shared.kernel.inbound import ConnectionState, Delivery
from shared.runtime.identity import hash_secret, tenant_scope
from shared.runtime.postgres import connections, sql
from shared.runtime.sealing import unseal
from shared.runtime.settings import settings

KEEP_SECONDS = 30
_TOKEN = re.compile(r"([0-9a-f]{32})\.([A-Za-z0-9_-]{43})")
_FIND = """
select id, project_id, engine, token_hash, hmac_key_sealed, session_name, phone from channels
where tenant_id = :tenant_id and token_hash = :token_hash and deleted_at is null
"""


_MAY_CHANGE = ("token_hash", "hmac_key_sealed", "session_name", "phone")


class Outdated(Exception):
    """The channel's key, address, session or number was changed since the gate was read, or the channel deleted."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What is needed to let a delivery in."""

    tenant_id: UUID
    project_id: UUID
    channel_id: UUID
    engine: str
    token_hash: str
    hmac_key_sealed: str
    session_name: str
    phone: str | None

    @property
    def hmac_key(self) -> str:
        return _opened(self.channel_id, self.hmac_key_sealed)

    def check(self, channel: Mapping[str, Any]) -> None:
        """Hold a gate that was remembered against the channel's row as it is; raises Outdated."""
        if channel["deleted_at"] or any(channel[name] != getattr(self, name) for name in _MAY_CHANGE):
            raise Outdated

    def is_for(self, delivery: Delivery) -> bool:
        """Whether it is of the channel's own number: a server has many sessions, each may deliver to any address.

        A session may have been given another name, so whose number it is counts more, as far as that is known. Where
        the number is not named, it may tell what was said there, but not how the channel's own session is.
        """
        if delivery.session in {None, self.session_name} or self.phone is None:
            return True
        if delivery.phone:
            return delivery.phone == self.phone
        return not isinstance(delivery.content, ConnectionState)


def channel_token(tenant_id: UUID, secret: str) -> str:
    """What stands in a channel's webhook URL: its tenant in the clear, and a secret."""
    return f"{tenant_id.hex}.{secret}"


def find_gate(token: str, *, fresh: bool = False) -> Gate:
    """The channel of a webhook URL; `fresh` reads it anew, as when what we remember does not fit."""
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
        token_hash=channel.token_hash,
        hmac_key_sealed=channel.hmac_key_sealed,
        session_name=channel.session_name,
        phone=channel.phone,
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
    channel_id, project_id, engine, token_hash, sealed, session_name, phone = (value or "" for value in rows[0])
    return Gate(
        tenant_id=tenant_id,
        project_id=UUID(project_id),
        channel_id=UUID(channel_id),
        engine=engine,
        token_hash=token_hash,
        hmac_key_sealed=sealed,
        session_name=session_name,
        phone=phone or None,
    )


@lru_cache(maxsize=1024)
def _opened(channel_id: UUID, sealed: str) -> str:
    return unseal(sealed, belongs_to=f"channel:{channel_id}:hmac_key")
