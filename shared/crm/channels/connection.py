"""The way out of a channel: its provider's client, with the secrets opened."""

from shared.crm.channels.model import Channel
from shared.providers import guard
from shared.providers.waha import client
from shared.providers.waha.client import Waha
from shared.runtime.sealing import unseal
from shared.runtime.settings import settings


def open_waha(channel: Channel, *, seconds: float | None = None) -> Waha:
    """A client of the channel's WAHA server, behind the address guard; close it after use."""
    known = settings()
    return Waha(
        base_url=channel.base_url,
        api_key=api_key_of(channel),
        session=channel.session_name,
        engine=channel.engine,
        http=guard.client(
            known.allowed_addresses,
            own=known.own_addresses,
            total_seconds=seconds or client.TIMEOUT_SECONDS,
            most_bytes=client.MOST_BYTES,
        ),
    )


def api_key_of(channel: Channel) -> str:
    """The key to the channel's WAHA server, opened."""
    return unseal(channel.api_key_sealed, belongs_to=f"channel:{channel.id}:api_key")
