"""A new channel."""

from uuid import UUID

from pydantic import Field

from shared.crm.agents.store import Agents
from shared.crm.channels.fields import ApiKey, BaseUrl, DebounceMs, HmacKey, PaceBody, SessionName, WaitMs
from shared.crm.channels.model import Channel, ChannelType, Engine
from shared.crm.channels.secrets import new_token, reveal, sealed
from shared.crm.channels.store import Channels
from shared.crm.channels.view import RevealedChannel
from shared.kernel.values import Name
from shared.runtime.http import Role, endpoint
from shared.runtime.identity import new_secret
from shared.runtime.parsing import Body
from shared.runtime.query import One
from shared.runtime.work import UnitOfWork


class NewChannel(Body):
    type: ChannelType = Field(examples=["waha"])
    name: Name = Field(examples=["Vendas"])
    base_url: BaseUrl
    session_name: SessionName
    engine: Engine = Field(examples=["NOWEB"])
    api_key: ApiKey
    hmac_key: HmacKey | None = Field(None, description="Left out, one is made and shown in the answer, once.")
    debounce_timeout_ms: DebounceMs = 15_000
    debounce_max_wait_ms: WaitMs = 60_000
    replies_in_groups: bool = Field(default=False, description="Whether the bot answers in groups too.")
    default_agent_id: UUID | None = Field(None, description="The bot that answers here; none answers without one.")
    pace: PaceBody | None = Field(default_factory=PaceBody, description="How fast it sends; null: as fast as it can.")
    imports_history: bool = Field(
        default=False,
        description="Whether the past is fetched by itself when the number is first connected, and after it was away.",
    )


@endpoint("POST", "/api/v1/crm/channels", allow=Role.ADMIN, status=201)
def create_channel(uow: UnitOfWork, body: NewChannel) -> One[RevealedChannel]:
    """Connect a WhatsApp number through its WAHA session.

    Give `webhook_url` and the HMAC key to the WAHA server; both are shown here and never again.
    """
    if body.default_agent_id:
        Agents(uow).bot(body.default_agent_id)
    channel_id, hmac_key = Channel.new_id(), body.hmac_key or new_secret()
    token, columns = new_token(channel_id)
    channel = Channel(
        id=channel_id,
        tenant_id=uow.tenant_id,
        project_id=uow.caller.project_id,
        **body.model_dump(exclude={"api_key", "hmac_key", "pace"}),
        pace=body.pace.pace() if body.pace else None,
        **columns,
        **sealed(channel_id, api_key=body.api_key, hmac_key=hmac_key),
    )
    Channels(uow).add(channel.created())
    return reveal(channel, token=token, hmac_key=None if body.hmac_key else hmac_key)
