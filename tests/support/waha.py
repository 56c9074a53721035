"""A WAHA channel in the database, and deliveries to it: signed as WAHA signs them."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from werkzeug.test import TestResponse

from shared.crm.inbound.gate import channel_token
from shared.kernel.ids import uuid7
from shared.providers.waha.signature import sign
from shared.runtime.identity import hash_secret, new_secret
from shared.runtime.postgres import Sql
from shared.runtime.sealing import seal
from tests.support.api import Api
from tests.support.tenants import Tenant
from tests.support.world import World

ANY_SESSION = "default"  # as events are made that name none
HMAC_KEY = "a key that only WAHA and we know"
_CHANNEL = """
insert into channels (
    id, tenant_id, project_id, version, type, name, base_url, session_name, engine, token_hash, token_sealed,
    api_key_sealed, hmac_key_sealed, debounce_timeout_ms, debounce_max_wait_ms, replies_in_groups, default_agent_id)
values (:id, :tenant_id, :project_id, 1, 'waha', 'WhatsApp', :base_url, :session_name, :engine, :token_hash,
    :token_sealed, :api_key_sealed, :hmac_key_sealed, :debounce_timeout_ms, :debounce_max_wait_ms,
    :replies_in_groups, :default_agent_id)
"""
_AGENT = """
insert into agents (id, tenant_id, project_id, version, name, kind, responder, config)
values (:id, :tenant_id, :project_id, 1, 'Bia', 'bot', 'rules', :config)
"""


@dataclass(frozen=True, kw_only=True)
class WahaChannel:
    """A channel of a tenant; `deliver` posts to its webhook as the server at the other end would."""

    api: Api
    tenant: Tenant
    id: UUID
    path: str
    agent_id: UUID | None
    session_name: str

    def deliver(self, event: dict[str, Any] | bytes, *, key: str = HMAC_KEY, **headers: str) -> TestResponse:
        body = event if isinstance(event, bytes) else json.dumps(self._own(event)).encode()
        signed = {"X-Webhook-Hmac": sign(body, key), "X-Webhook-Hmac-Algorithm": "sha512", **headers}
        return self.api.post(self.path, data=body, headers=signed, content_type="application/json")

    def _own(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event as the channel's session tells it, where it was made for any."""
        return {**event, "session": self.session_name} if event.get("session") == ANY_SESSION else event


def waha_channel(
    world: World,
    api: Api,
    tenant: Tenant,
    *,
    engine: str = "GOWS",
    base_url: str = "http://127.0.0.1:9",
    session_name: str = "default",
    bot: bool = True,
    config: dict[str, Any] | None = None,
    debounce_timeout_ms: int = 15_000,
    debounce_max_wait_ms: int = 60_000,
    replies_in_groups: bool = False,
) -> WahaChannel:
    """Make a channel, with a bot that answers by rules unless `bot` is false."""
    channel_id, secret, agent_id = uuid7(), new_secret(), uuid7() if bot else None
    names = {"tenant_id": tenant.tenant_id, "project_id": tenant.project_id}
    if agent_id:
        world.admin.run(Sql(_AGENT, {**names, "id": agent_id, "config": config or {}}))
    sealed = {
        f"{name}_sealed": seal(value, belongs_to=f"channel:{channel_id}:{name}")
        for name, value in (("token", secret), ("api_key", "waha-key"), ("hmac_key", HMAC_KEY))
    }
    row = {
        **names,
        **sealed,
        "id": channel_id,
        "base_url": base_url,
        "session_name": session_name,
        "engine": engine,
        "token_hash": hash_secret(secret),
        "debounce_timeout_ms": debounce_timeout_ms,
        "debounce_max_wait_ms": debounce_max_wait_ms,
        "replies_in_groups": replies_in_groups,
        "default_agent_id": agent_id,
    }
    world.admin.run(Sql(_CHANNEL, row))
    path = f"/api/v1/webhooks/inbound/waha/{channel_token(tenant.tenant_id, secret)}"
    return WahaChannel(api=api, tenant=tenant, id=channel_id, path=path, agent_id=agent_id, session_name=session_name)
