"""What a channel's settings may be, as request bodies check it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.crm.channels.model import LONGEST_DEBOUNCE_MS, LONGEST_WAIT_MS
from shared.kernel.errors import Invalid
from shared.kernel.values import Url
from shared.providers.guard import check_url
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
