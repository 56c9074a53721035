"""What a channel's provider delivers here."""

from dataclasses import dataclass
from uuid import UUID

from shared.crm.channels.control import EVENTS, is_told
from shared.crm.channels.pairing import ask_about
from shared.kernel.errors import Conflict
from shared.providers.waha.fields import items, key
from shared.runtime.calling import CallerTransactions
from shared.runtime.http import Role, endpoint
from shared.runtime.uses import Use

EVERYTHING = "*"


@dataclass(frozen=True, kw_only=True)
class WebhookInfo:
    """Whether the provider delivers to this channel's address as it is now, which events, and which it leaves out."""

    is_configured: bool
    events: list[str]
    missing: list[str]
    others: int


@endpoint(
    "GET",
    "/api/v1/crm/channels/{channel_id}/webhook-info",
    allow=Role.ADMIN,
    errors=(Conflict,),
    uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS),
)
def get_channel_webhook(transactions: CallerTransactions, channel_id: UUID) -> WebhookInfo:
    """Ask the provider where it delivers; `others` is to how many other addresses. No address is shown."""
    channel, told = ask_about(transactions, channel_id, lambda session: session.webhooks())
    ours = [each for each in told if is_told(key(each.get("url")) or "", channel)]
    events = sorted({name for each in ours for name in map(key, items(each.get("events"))) if name})
    missing = [] if EVERYTHING in events else [name for name in EVENTS if name not in events]
    return WebhookInfo(
        is_configured=bool(ours), events=events, missing=missing if ours else [*EVENTS], others=len(told) - len(ours)
    )
