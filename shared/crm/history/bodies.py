"""Old messages as whoever calls the API gives them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.crm.messages.bodies import FileName, Mimetype
from shared.crm.messages.model import LONGEST_TEXT
from shared.kernel.values import Name
from shared.providers.urls import LONGEST_URL
from shared.runtime.parsing import Body, Moment

MOST_AT_ONCE = 500  # who writes in one of the chats waits until all are written

ExternalId = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$", examples=["false_5511912345678@c.us_3EB0A1"])
]
PastType = Literal["text", "image", "video", "voice", "audio", "document", "sticker"]


class PastFile(Body):
    """The file of an old message, by where it lies; without `url` it is only said that there was one."""

    url: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_URL,
        description="https and public.",
        examples=["https://example.com/a.jpg"],
    )
    mimetype: Mimetype | None = None
    file_name: FileName | None = None
    size_bytes: int | None = Field(None, ge=0, lt=1 << 40)


class PastMessage(Body):
    external_id: ExternalId = Field(
        description="WhatsApp's id of the message, whole or bare, or the other system's: it is here once in a channel."
    )
    phone: str = Field(max_length=32, description="The customer's.", examples=["+5511912345678"])
    name: Name | None = Field(None, description="The customer's, for a contact who has none.")
    direction: Literal["inbound", "outbound"]
    sent_at: Moment = Field(
        description="When it was written: longer ago than half an hour, and within ten years.",
        examples=["2026-01-31T12:00:00Z"],
    )
    type: PastType = "text"
    text: str | None = Field(
        None, max_length=LONGEST_TEXT, description="What it says, or what stands below its file.", examples=["Bom dia!"]
    )
    media: PastFile | None = None
    reply_to: ExternalId | None = Field(None, description="The external id of the message that this one answers.")
    status: Literal["sent", "delivered", "read"] = Field("sent", description="How far an outbound one came.")


class PastMessages(Body):
    channel_id: UUID = Field(description="The channel in whose chats they stand.")
    messages: list[PastMessage] = Field(min_length=1, max_length=MOST_AT_ONCE)
    media: bool = Field(default=False, description="Whether their files are fetched, after everything that is live.")
