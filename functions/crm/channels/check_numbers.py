"""Which numbers are on WhatsApp."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import Field

from shared.crm.channels import checking
from shared.crm.channels.checking import CheckedNumber
from shared.kernel.errors import Conflict
from shared.kernel.values import PhoneNumber
from shared.runtime.calling import CallerTransactions
from shared.runtime.declarations import Limit
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.uses import Use

MOST = 100


class Numbers(Body):
    phones: list[PhoneNumber] = Field(min_length=1, max_length=MOST, description="The numbers as one dials them.")


@dataclass(frozen=True, kw_only=True)
class CheckedNumbers:
    """One for each number that was given, in their order."""

    data: list[CheckedNumber]


@endpoint(
    "POST",
    "/api/v1/crm/channels/{channel_id}/check-numbers",
    allow=Role.AGENT,
    limit=Limit.CRM_READ,
    errors=(Conflict,),
    uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS),
)
def check_numbers(transactions: CallerTransactions, channel_id: UUID, body: Numbers) -> CheckedNumbers:
    """Ask which numbers are on WhatsApp, and where it finds them.

    A channel is asked for a hundred a minute; what is answered is remembered for a while. Of a number with a `problem`
    it is not known; ask again in a minute.
    """
    return CheckedNumbers(data=checking.check_numbers(transactions, channel_id, body.phones))
