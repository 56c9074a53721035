"""The door of the local cloud: the public gateway, and behind it the doors of the functions, as Google has them."""

from collections.abc import Callable, Iterable
from typing import Any

import jwt
from flask import Response

from infra.local.loading import Application, Environ, Functions
from infra.local.routes import NoSuchPath, Routes, WrongMethod
from infra.local.tokens import TokenIssuer, WrongAccount, strip_signature, verify
from shared.runtime.answers import problem
from shared.runtime.telemetry import request_id, traced

INTERNAL = "/_functions/"
GATEWAY_ADDRESS = "192.0.2.1"  # of an address block that is nobody's
GATEWAY_ACCOUNT = "gateway@ventros-local.iam.gserviceaccount.com"
# What only Google's own doors write; from anybody else it is not believed, so it is not let through.
FORGED = ("HTTP_X_FORWARDED_AUTHORIZATION", "HTTP_X_APIGATEWAY_API_USERINFO")


class Front:
    """Takes `Authorization` from callers as API Gateway does, and from Pub/Sub, Tasks and Scheduler as Cloud Run does.

    `base_url` is where functions are addressed: the audience of a service token is `base_url/name`, its account
    `pusher`.
    """

    def __init__(self, routes: Routes, functions: Functions, tokens: TokenIssuer, base_url: str, pusher: str) -> None:
        self._routes, self._functions, self._tokens = routes, functions, tokens
        self._base_url, self._pusher = base_url, pusher

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        door = self._internal if environ["PATH_INFO"].startswith(INTERNAL) else self._public
        with traced(request_id=request_id(environ.get("HTTP_X_REQUEST_ID"))):
            application = door(environ)
        return application(environ, start_response)

    def _public(self, environ: Environ) -> Application | Response:
        try:
            name = self._routes.public(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        except NoSuchPath:
            return problem(404, "not_found", "there is nothing at this address")
        except WrongMethod as wrong:
            answer = problem(405, "method_not_allowed", f"this address takes {' and '.join(wrong.allowed)} only")
            answer.headers["Allow"] = ", ".join(wrong.allowed)
            return answer
        self._pass_gateway(environ, name)
        return self._functions.get(name)

    def _pass_gateway(self, environ: Environ, name: str) -> None:
        """Put the gateway's own token in the place of the caller's, and the caller's where functions look for it."""
        for header in FORGED:
            environ.pop(header, None)
        if "HTTP_AUTHORIZATION" in environ:
            environ["HTTP_X_FORWARDED_AUTHORIZATION"] = environ["HTTP_AUTHORIZATION"]
        token = self._tokens.mint(f"{self._base_url}/{name}", GATEWAY_ACCOUNT)
        environ["HTTP_AUTHORIZATION"] = f"Bearer {strip_signature(token)}"
        claimed = environ.get("HTTP_X_FORWARDED_FOR")
        # Google's word are the last two: who called the gateway, and from where the gateway calls the function.
        seen = (claimed, environ.get("REMOTE_ADDR"), GATEWAY_ADDRESS)
        environ["HTTP_X_FORWARDED_FOR"] = ",".join(filter(None, seen))

    def _internal(self, environ: Environ) -> Application | Response:
        """Let the cloud's own account in, and show the function its token without the signature."""
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        try:
            name = self._routes.pushed(environ["PATH_INFO"].removeprefix(INTERNAL))
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("this is no bearer token")
            verify(token, f"{self._base_url}/{name}", self._pusher, self._tokens.jwks())
        except NoSuchPath:
            return problem(404, "not_found", "no function of this name is called here")
        except WrongAccount:
            return problem(403, "forbidden", "this account may not call functions")
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return problem(401, "unauthenticated", "a service token for this function is needed")
        environ["HTTP_AUTHORIZATION"] = f"{scheme} {strip_signature(token)}"
        environ["PATH_INFO"] = "/"
        return self._functions.get(name)
