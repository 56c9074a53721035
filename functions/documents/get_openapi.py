"""The API's description for programs."""

from importlib.resources import files
from typing import Annotated

from flask import Response

from shared.runtime import documents
from shared.runtime.answers import answer
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint


@endpoint("GET", "/openapi.json", allow=PUBLIC, limit=Limit.HEALTH)
def get_openapi() -> Annotated[Response, "application/json"]:
    """Describe the whole API as OpenAPI 3.1."""
    return answer(200, (files(documents) / "openapi.json").read_bytes())
