"""The code that pairs a phone with a channel, to be typed in."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from shared.crm.channels.pairing import ask_now
from shared.kernel.errors import Conflict
from shared.kernel.values import PhoneNumber
from shared.runtime.calling import CallerTransactions
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.uses import Use


class Phone(Body):
    phone: PhoneNumber = Field(description="The number that is to be connected.", examples=["+5511912345678"])


@dataclass(frozen=True, kw_only=True)
class PairingCode:
    code: str


@endpoint(
    "POST",
    "/api/v1/crm/channels/{channel_id}/pairing-code",
    allow=Role.ADMIN,
    errors=(Conflict,),
    secret=True,
    uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS),
)
def request_pairing_code(transactions: CallerTransactions, channel_id: UUID, body: Phone) -> PairingCode:
    """Ask for a code to type in on the phone, while the channel's session waits for one."""
    digits = str(body.phone).removeprefix("+")
    return PairingCode(code=ask_now(transactions, channel_id, lambda session: session.pairing_code(digits)))
