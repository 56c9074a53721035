"""The way out of a channel: its provider's client, with the secrets opened."""

from typing import TypeVar

from shared.crm.channels.model import Channel
from shared.providers.waha.client import Waha
from shared.providers.waha.history import Archive
from shared.runtime.sealing import unseal
from shared.runtime.settings import settings

W = TypeVar("W", bound=Waha)


def open_waha(channel: Channel) -> Waha:
    """A client of the channel's WAHA server, behind the address guard; close it after use."""
    return _opened(channel, Waha)


def open_archive(channel: Channel) -> Archive:
    """The same, for reading what the server remembers."""
    return _opened(channel, Archive)


def _opened(channel: Channel, kind: type[W]) -> W:
    return kind(
        base_url=channel.base_url,
        api_key=unseal(channel.api_key_sealed, belongs_to=f"channel:{channel.id}:api_key"),
        session=channel.session_name,
        engine=channel.engine,
        allow=settings().allowed_addresses,
    )
