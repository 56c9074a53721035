"""The API's description for people."""

from importlib.resources import files
from typing import Annotated

from flask import Response

from shared.runtime import documents
from shared.runtime.answers import answer
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint

# The page holds all it needs and may fetch nothing.
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)


@endpoint("GET", "/docs", allow=PUBLIC, limit=Limit.HEALTH)
def get_docs() -> Annotated[Response, "text/html"]:
    """Show every operation on a page, with its parameters, its answers and a curl line to try."""
    folder = files(documents)
    # Inside a script element a `<` could end it; in a JSON string it may be written so.
    described = (folder / "openapi.json").read_text("utf-8").replace("<", "\\u003c")
    page = (folder / "docs.html").read_text("utf-8").replace("{{document}}", described)
    response = answer(200, page, "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = POLICY
    return response
