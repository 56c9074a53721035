"""The way out of a channel: its provider's client, with the secrets opened."""

from typing import TypeVar

from shared.crm.channels.model import Channel
from shared.providers import guard
from shared.providers.waha import client, history, sessions
from shared.providers.waha.chats import ChatControl
from shared.providers.waha.client import Waha
from shared.providers.waha.history import Archive
from shared.providers.waha.sessions import SessionControl
from shared.runtime.sealing import unseal
from shared.runtime.settings import settings

W = TypeVar("W", bound=Waha)


def open_waha(channel: Channel, *, seconds: float | None = None) -> Waha:
    """A client of the channel's WAHA server, behind the address guard; close it after use."""
    return _opened(channel, Waha, seconds or client.TIMEOUT_SECONDS, client.MOST_BYTES)


def open_sessions(channel: Channel) -> SessionControl:
    """The same, for the session itself."""
    return _opened(channel, SessionControl, sessions.TIMEOUT_SECONDS, client.MOST_BYTES)


def open_chats(channel: Channel) -> ChatControl:
    """The same, for what is done to chats."""
    return _opened(channel, ChatControl, client.TIMEOUT_SECONDS, client.MOST_BYTES)


def open_archive(channel: Channel) -> Archive:
    """The same, for reading what the server remembers."""
    return _opened(channel, Archive, history.TIMEOUT_SECONDS, history.MOST_BYTES)


def _opened(channel: Channel, kind: type[W], seconds: float, most_bytes: int) -> W:
    known = settings()
    return kind(
        base_url=channel.base_url,
        api_key=api_key_of(channel),
        session=channel.session_name,
        engine=channel.engine,
        http=guard.client(
            known.allowed_addresses, own=known.own_addresses, total_seconds=seconds, most_bytes=most_bytes
        ),
    )


def api_key_of(channel: Channel) -> str:
    """The key to the channel's WAHA server, opened."""
    return unseal(channel.api_key_sealed, belongs_to=f"channel:{channel.id}:api_key")
