"""What a channel's settings may be, as request bodies check it."""

from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from shared.crm.channels.model import LONGEST_DEBOUNCE_MS, LONGEST_WAIT_MS
from shared.crm.channels.pace import Pace
from shared.kernel.errors import Invalid
from shared.kernel.values import Url
from shared.providers.urls import check_url
from shared.runtime.parsing import Body
from shared.runtime.settings import settings


def _callable(url: Url) -> Url:
    check_url(url, allow=settings().allowed_addresses, own=settings().own_addresses)
    if "?" in url:
        raise Invalid("write the server's address without a query, as in https://waha.example.com")
    return url


BaseUrl = Annotated[
    Url,
    AfterValidator(_callable),
    Field(description="The WAHA server: https and public.", examples=["https://waha.example.com"]),
]
SessionName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_-]{1,54}$", description="The session on that server.", examples=["default"]),
]
ApiKey = Annotated[
    str,
    Field(
        pattern=r"^[\x21-\x7e]{1,500}$",
        description="What the WAHA server asks for in X-Api-Key; kept sealed and never shown.",
        examples=["waha-api-key"],
    ),
]
HmacKey = Annotated[
    str,
    Field(
        min_length=16,
        max_length=500,
        description="What the WAHA server signs its deliveries with; kept sealed.",
        examples=["a long random string"],
    ),
]
DebounceMs = Annotated[
    int,
    Field(
        ge=0,
        le=LONGEST_DEBOUNCE_MS,
        description="How long, in milliseconds, a burst must be quiet before it is answered.",
        examples=[15000],
    ),
]
WaitMs = Annotated[
    int,
    Field(
        ge=0,
        le=LONGEST_WAIT_MS,
        description="How long, in milliseconds, a burst that is never quiet waits at most.",
        examples=[60000],
    ),
]
Hour = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["22:00"])]


class PaceBody(Body):
    """How fast a number sends, whoever writes. What comes too fast waits, in its order, and is sent by itself."""

    per_minute: int = Field(default=60, ge=1, le=600, description="Messages a minute, once the burst is used up.")
    burst: int = Field(default=60, ge=1, le=600, description="Messages that may go at once.")
    new_chats_per_day: int | None = Field(
        default=None, ge=1, le=10_000, description="How many people may be written to first in a day; null: any number."
    )
    warm_up_days: int = Field(
        default=0,
        ge=0,
        le=90,
        description="For so long since the channel was made it sends at less than the full pace: at a tenth on the "
        "first day, then evenly more.",
    )
    quiet_from: Hour | None = Field(default=None, description="When nothing is sent from, by the project's clock.")
    quiet_until: Hour | None = None

    @model_validator(mode="after")
    def _is_quiet_for_a_while(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_until is None) or (
            self.quiet_from is not None and self.quiet_from == self.quiet_until
        ):
            raise Invalid("give both quiet_from and quiet_until, and let them differ")
        return self

    def pace(self) -> Pace:
        return Pace(**self.model_dump())
