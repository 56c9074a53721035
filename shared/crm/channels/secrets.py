"""A channel's secrets: made, sealed under the channel's id, and shown in one answer only."""

from typing import Any
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.channels.view import REVEALED_CHANNELS, RevealedChannel
from shared.crm.inbound.gate import channel_token
from shared.runtime.identity import hash_secret, new_secret
from shared.runtime.query import One, one
from shared.runtime.sealing import seal
from shared.runtime.settings import settings

PATH = "/api/v1/webhooks/inbound/waha/"


def sealed(channel_id: UUID, **secrets: str) -> dict[str, Any]:
    """The columns of these secrets, by the names of the secrets: `api_key`, `hmac_key`, `token`."""
    return {
        f"{name}_sealed": seal(secret, belongs_to=f"channel:{channel_id}:{name}") for name, secret in secrets.items()
    }


def new_token(channel_id: UUID) -> tuple[str, dict[str, Any]]:
    """A secret for the webhook's URL, and the columns that keep it."""
    secret = new_secret()
    return secret, {"token_hash": hash_secret(secret), **sealed(channel_id, token=secret)}


def reveal(channel: Channel, *, token: str | None, hmac_key: str | None) -> One[RevealedChannel]:
    """The channel as it is, with those of its secrets that are new."""
    url = webhook_url(channel.tenant_id, token) if token else None
    return one(REVEALED_CHANNELS, channel.id, once={"webhook_url": url, "hmac_key": hmac_key})


def webhook_url(tenant_id: UUID, token: str) -> str:
    """Where the WAHA server is to deliver."""
    return f"{settings().public_base_url.rstrip('/')}{PATH}{channel_token(tenant_id, token)}"
