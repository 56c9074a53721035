"""The code that pairs a phone with a channel, to be scanned."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.crm.channels.model import CODE_LASTS
from shared.crm.channels.pairing import CodeForm, ask_now
from shared.kernel.errors import Conflict
from shared.providers.waha.sessions import SessionControl
from shared.runtime.calling import CallerTransactions
from shared.runtime.http import Role, endpoint
from shared.runtime.uses import Use

SECONDS = int(CODE_LASTS.total_seconds())


class QrQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: CodeForm = Field(CodeForm.IMAGE, description="The image as base64, or the text that it shows.")


@dataclass(frozen=True, kw_only=True)
class QrCode:
    """`image` is base64 of an image of the type `mimetype`; `value` is the text instead, where that was asked for.

    WhatsApp changes the code every `expires_in` seconds or so.
    """

    mimetype: str | None
    image: str | None
    value: str | None
    expires_in: int


@endpoint(
    "GET",
    "/api/v1/crm/channels/{channel_id}/qr",
    allow=Role.ADMIN,
    errors=(Conflict,),
    secret=True,
    uses=(Use.ENCRYPTION, Use.CUSTOMER_HOSTS),
)
def get_channel_qr(transactions: CallerTransactions, channel_id: UUID, query: QrQuery) -> QrCode:
    """Show the QR code that a phone scans to be connected, while the channel's session waits for one."""
    return ask_now(transactions, channel_id, _raw if query.format is CodeForm.RAW else _image)


def _image(session: SessionControl) -> QrCode:
    found = session.qr_picture()
    return QrCode(mimetype=found.mimetype, image=found.data, value=None, expires_in=SECONDS)


def _raw(session: SessionControl) -> QrCode:
    return QrCode(mimetype=None, image=None, value=session.qr_text(), expires_in=SECONDS)
