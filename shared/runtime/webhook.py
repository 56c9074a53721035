"""The webhook declaration: where providers deliver, signed in their own ways."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Unpack

from flask import Request, Response

from shared.kernel.errors import DomainError, Unavailable
from shared.runtime.answers import answer, problem, refusal
from shared.runtime.declarations import Deployment, Kind, Limit, Routed
from shared.runtime.identity import PUBLIC
from shared.runtime.incoming import raw_body, read_path
from shared.runtime.postgres import is_away, sqlstate
from shared.runtime.spans import SpanKind, called, offered
from shared.runtime.telemetry import configure, request_id, say

Handler = Callable[..., None]


@dataclass(frozen=True, kw_only=True)
class Webhook(Routed):
    """A function that a provider calls. It answers 200 when the delivery is safe, and only then."""

    kind: ClassVar[Kind] = Kind.WEBHOOK
    provided: ClassVar[frozenset[str]] = frozenset({"body", "headers"})

    provider: str

    def trigger(self) -> dict[str, Any]:
        return {**super().trigger(), "allow": "signed", "provider": self.provider}

    def serve(self, request: Request) -> Response:
        configure()
        own = request_id(request.headers.get("X-Request-Id"))
        came = offered(request.headers.get)
        with called(SpanKind.SERVER, came, function=self.name, request_id=own, correlation_id=own) as call:
            response = call.answered(self._safely(request))
            if response.status_code != 200:  # noqa: PLR2004 - the usual answer needs no line
                say("refused", status=response.status_code)
            return response

    def _safely(self, request: Request) -> Response:
        try:
            self._take(request)
        except DomainError as error:
            return refusal(error)
        except Exception as error:  # noqa: BLE001 - the last line before the wire
            say("delivery failed", level=40, error=True, sqlstate=sqlstate(error))
            if is_away(error):
                return refusal(Unavailable("the database cannot be reached just now; deliver again shortly"))
            return problem(500, "internal", "this delivery could not be kept; deliver it again")
        return answer(200, b'{"status":"received"}')

    def _take(self, request: Request) -> None:
        given = read_path(self.pattern, request.path, self.types)
        self.handler(body=raw_body(request), headers=request.headers, **given)


def webhook(
    method: str, path: str, *, provider: str, **deployment: Unpack[Deployment]
) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare one provider's entry; its handler takes `body` (bytes), `headers` and the path's parameters."""
    deployment.setdefault("concurrency", 16)

    def declare(handler: Handler) -> Callable[[Request], Response]:
        return Webhook(
            handler=handler,
            method=method,
            path=path,
            allow=PUBLIC,
            limit=Limit.INGRESS,
            provider=provider,
            **deployment,
        ).function()

    return declare
