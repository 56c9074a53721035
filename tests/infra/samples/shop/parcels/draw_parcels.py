from typing import Annotated

from flask import Response

from shared.runtime.answers import answer
from shared.runtime.http import PUBLIC, endpoint


@endpoint("GET", "/api/v1/sample/picture", allow=PUBLIC)
def draw_parcels() -> Annotated[Response, "image/svg+xml"]:
    """Draw all parcels."""
    return answer(200, "<svg/>", "image/svg+xml")
