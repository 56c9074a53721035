"""Changing a channel."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from pydantic import Field

from shared.crm.agents.store import Agents
from shared.crm.channels.fields import ApiKey, BaseUrl, DebounceMs, HmacKey, PaceBody, SessionName, WaitMs
from shared.crm.channels.model import Channel, ChannelStatus, Engine
from shared.crm.channels.secrets import new_token, reveal, sealed
from shared.crm.channels.store import Channels
from shared.crm.channels.view import RevealedChannel
from shared.kernel.errors import Invalid
from shared.kernel.values import Name
from shared.providers.urls import ForbiddenUrl, origin
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body, unsent
from shared.runtime.query import One
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork


class ChannelChanges(Body):
    name: Name = Field(default_factory=unsent, examples=["Suporte"])
    base_url: BaseUrl = Field(default_factory=unsent)
    session_name: SessionName = Field(default_factory=unsent)
    engine: Engine = Field(default_factory=unsent, examples=["GOWS"])
    api_key: ApiKey = Field(default_factory=unsent)
    hmac_key: HmacKey = Field(default_factory=unsent)
    status: ChannelStatus = Field(
        default_factory=unsent, description="Nothing is sent through an inactive channel.", examples=["active"]
    )
    debounce_timeout_ms: DebounceMs = Field(default_factory=unsent)
    debounce_max_wait_ms: WaitMs = Field(default_factory=unsent)
    replies_in_groups: bool = Field(default_factory=unsent)
    default_agent_id: UUID | None = Field(default_factory=unsent, description="Null for none.")
    pace: PaceBody | None = Field(
        default_factory=unsent, description="How fast it sends, as a whole; null: as fast as it can."
    )
    imports_history: bool = Field(
        default_factory=unsent,
        description="Whether the past is fetched by itself when the number is first connected, and after it was away.",
    )
    rotate_token: bool = Field(default=False, description="Make a new webhook URL; the old one ends at once.")


@endpoint("PATCH", "/api/v1/crm/channels/{channel_id}", allow=Role.ADMIN)
def update_channel(uow: UnitOfWork, channel_id: UUID, body: ChannelChanges) -> One[RevealedChannel]:
    """Change a channel's settings, its keys, or its webhook URL, which is then shown once."""
    channel = Channels(uow).living(channel_id)
    _keep_keys_at_home(channel, body.given())
    if body.default_agent_id:
        Agents(uow).bot(body.default_agent_id)
    token, columns = new_token(channel.id) if body.rotate_token else (None, {})
    channel.update(**_settings(channel.id, body), **columns)
    return reveal(channel, token=token, hmac_key=None)


def _keep_keys_at_home(channel: Channel, given: dict[str, Any]) -> None:
    """Invalid: the server is another, and would be given keys that were told for the one before."""
    has_its_keys = {"api_key", "hmac_key"} <= given.keys()
    if "base_url" in given and not has_its_keys and _server(given["base_url"]) != _server(channel.base_url):
        sentence = "another server needs keys of its own: send api_key and hmac_key with base_url"
        raise Invalid(sentence, code="keys_required")


def _server(url: str) -> str | None:
    """Whose address it is; None where it may not be called, or not any more."""
    known = settings()
    with suppress(ForbiddenUrl):
        return origin(url, allow=known.allowed_addresses, own=known.own_addresses)
    return None


def _settings(channel_id: UUID, body: ChannelChanges) -> dict[str, Any]:
    given = {name: value for name, value in body.given().items() if name != "rotate_token"}
    if body.pace:
        given["pace"] = body.pace.pace()
    secrets = {name: given.pop(name) for name in ("api_key", "hmac_key") if name in given}
    return {**given, **sealed(channel_id, **secrets)}
