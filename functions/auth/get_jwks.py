"""The keys of our token issuer."""

from typing import Annotated, Any

from flask import Response

from shared.runtime.answers import answer
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.identity import public_keys
from shared.runtime.parsing import adapter
from shared.runtime.uses import Use


@endpoint("GET", "/.well-known/jwks.json", allow=PUBLIC, limit=Limit.HEALTH, uses=(Use.TOKENS,))
def get_jwks() -> Annotated[Response, "application/json"]:
    """Show the public keys that verify our access tokens, as a JSON Web Key Set."""
    response = answer(200, adapter(dict[str, Any]).dump_json(public_keys()))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
