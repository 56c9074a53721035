"""What browsers ask before a page of another origin may call the API, and what they are told with each answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Unpack

from flask import Request, Response

from shared.kernel.errors import Unavailable
from shared.runtime.answers import problem, refusal
from shared.runtime.declarations import Declaration, Deployment, Kind
from shared.runtime.postgres import is_lost, sqlstate
from shared.runtime.telemetry import configure, request_id, say, traced
from shared.runtime.uses import Use

Handler = Callable[[str], bool]

LONGEST = 255
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")
# Nothing here is opened by a cookie, so whoever holds a token may read what it opens; `*` tells no more than that.
READABLE: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "ETag, Retry-After, X-Request-Id, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
    ),
}
ALLOWED: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, Idempotency-Key, If-Match, X-API-Key, X-Request-Id, traceparent"
    ),
    "Access-Control-Max-Age": "7200",
}


def is_origin(text: str) -> bool:
    """Whether it is a web origin as browsers write it: scheme, host in lower case, a port unless it is the usual."""
    return len(text) <= LONGEST and _ORIGIN.fullmatch(text) is not None


@dataclass(frozen=True, kw_only=True)
class Preflight(Declaration):
    """The one function that answers OPTIONS for every public path."""

    kind: ClassVar[Kind] = Kind.PREFLIGHT

    def trigger(self) -> dict[str, Any]:
        return {"method": "OPTIONS"}

    @property
    def standard_uses(self) -> set[Use]:
        return {Use.RESOLVER}

    def serve(self, request: Request) -> Response:
        """Answer 204 whatever the origin is; without the headers a browser goes no further."""
        configure()
        with traced(function=self.name, request_id=request_id(request.headers.get("X-Request-Id"))):
            origin = request.headers.get("Origin", "")
            try:
                allowed = is_origin(origin) and self.handler(origin)
            except Exception as error:  # noqa: BLE001 - the last line before the wire
                say("preflight failed", level=40, error=True, sqlstate=sqlstate(error))
                if is_lost(error):
                    return refusal(Unavailable("the database cannot be reached just now; try again shortly"))
                return problem(500, "internal", "something went wrong on our side; the request id finds it in our logs")
            headers = {"Access-Control-Allow-Origin": origin, **ALLOWED} if allowed else {}
            return Response(status=204, headers={"Vary": "Origin", **headers})


def preflight(**deployment: Unpack[Deployment]) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare the function that says whether pages of an origin (`https://app.example.com`) may call the API."""

    def declare(handler: Handler) -> Callable[[Request], Response]:
        return Preflight(handler=handler, **deployment).function()

    return declare
