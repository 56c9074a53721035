"""The chats that can be asked for, as request bodies say it: one for each kind, told apart by `kind`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Discriminator, Field, Tag

from shared.crm.chats.fields import Subject
from shared.runtime.parsing import Body

MOST_PARTICIPANTS = 256


class NewIndividual(Body):
    kind: Literal["individual"] = "individual"
    contact_id: UUID = Field(description="With whom; they need a phone.")
    channel_id: UUID


class NewGroup(Body):
    kind: Literal["group"]
    channel_id: UUID = Field(description="Whose number makes the group, and runs it.")
    subject: Subject
    participants: list[UUID] = Field(
        min_length=1, max_length=MOST_PARTICIPANTS, description="The contacts to be in it beside you; they need phones."
    )


class NewBroadcast(Body):
    """Refused, whatever else it says: WhatsApp's channels are made on the phone."""

    model_config = ConfigDict(extra="ignore")

    kind: Literal["channel"]


def kind_of(given: Any) -> str:
    """What `kind` says; an individual when it says nothing."""
    told = given.get("kind", "individual") if isinstance(given, Mapping) else getattr(given, "kind", "individual")
    return f"<{told}>"


NewChat = Annotated[
    Annotated[NewIndividual, Tag("<individual>")]
    | Annotated[NewGroup, Tag("<group>")]
    | Annotated[NewBroadcast, Tag("<channel>")],
    Discriminator(
        kind_of,
        custom_error_type="unknown_kind",
        custom_error_message="`kind` is one of individual, group, channel",
    ),
]
