"""What every list understands beside its filters."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.parsing import IN_DIGITS, Body
from shared.runtime.query import Source

# Of 200 characters, which is the longest name, at four bytes each.
LONGEST_CURSOR = 4096


class PageQuery(BaseModel):
    """What every list understands beside its filters: `limit`, `cursor` or `page`, `sort`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=100), IN_DIGITS] = Field(25, description="How many at most.")
    cursor: str | None = Field(
        None, max_length=LONGEST_CURSOR, description="Where to go on: `paging.next` or `paging.previous`."
    )
    page: Annotated[int | None, Field(ge=1, le=1000), IN_DIGITS] = Field(
        None, description="The page by number; a cursor is quicker."
    )
    sort: str | None = Field(None, max_length=100, description="`field:asc` or `field:desc`; more, behind commas.")


class PagedBody(Body):
    """The same of a body that asks for a page."""

    limit: int = Field(25, ge=1, le=100, description="How many at most.")
    cursor: str | None = Field(None, max_length=LONGEST_CURSOR, description="Where to go on: `paging.next`.")


def way_of(source: Source[Any]) -> Any:
    """What a body has to say of its field `sort`, beside that it is a text: which there may be."""
    return Field(json_schema_extra={"pattern": source.ways(), "example": source.default_sort})
