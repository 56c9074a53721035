"""What a bot that Gemini answers for is configured with; to check it, Gemini's library is not needed."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Instructions(BaseModel):
    """A bot agent's configuration: what the company wants it to know and do, in plain words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    instructions: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_output_tokens: Annotated[int, Field(ge=64, le=8192)] | None = None
