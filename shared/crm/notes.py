"""Notes as request bodies say them."""

from typing import Annotated

from pydantic import Field

from shared.kernel.notes import MOST_NOTES

LARGEST_NUMBER = 2**53
Note = Annotated[str, Field(max_length=500)] | bool | Annotated[int, Field(ge=-LARGEST_NUMBER, le=LARGEST_NUMBER)]
Notes = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], Note | None],
    Field(
        max_length=MOST_NOTES,
        description="Your own notes about it, by name; those not named stay, a null takes one away.",
        examples=[{"ticket": "A-17"}],
    ),
]
