"""What every list understands beside its filters."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from shared.runtime.query import Source


class PageQuery(BaseModel):
    """What every list understands beside its filters: `limit`, `cursor` or `page`, `sort`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: int = Field(25, ge=1, le=100, description="How many at most.")
    cursor: str | None = Field(None, max_length=1024, description="Where to go on: `paging.next` or `paging.previous`.")
    page: int | None = Field(None, ge=1, le=1000, description="The page by number; a cursor is quicker.")
    sort: str | None = Field(None, max_length=100, description="`field:asc` or `field:desc`.")


def way_of(source: Source[Any]) -> Any:
    """What a body has to say of its field `sort`, beside that it is a text: which there may be."""
    return Field(json_schema_extra={"enum": [*source.ways()]})
