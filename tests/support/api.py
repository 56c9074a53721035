"""A client that calls the deployed functions in this process, as the gateway and the platform would."""

from collections.abc import Mapping
from threading import Lock
from typing import Any, Protocol

import flask
from werkzeug.test import TestResponse

from shared.runtime.declarations import Declaration
from tests.support.functions import route

LARGEST_BODY = 10 * 1024 * 1024  # the platform's own limit
# Werkzeug compiles routes, which CPython before 3.11.8 cannot do in two threads at once.
_ONE_AT_A_TIME = Lock()
_applications: dict[int, tuple[Declaration | None, flask.Flask]] = {}
METHODS = ("OPTIONS", "GET", "POST", "PUT", "PATCH", "DELETE")


class Caller(Protocol):
    """Whoever can be `as_=`: the headers that prove who it is."""

    @property
    def headers(self) -> dict[str, str]: ...


class Api:
    """Answers are werkzeug's: `.status_code`, `.json`, `.text`, `.headers`."""

    def get(self, path: str, *, as_: Caller | None = None, **options: Any) -> TestResponse:
        return self.request("GET", path, as_=as_, **options)

    def post(self, path: str, json: Any = None, *, as_: Caller | None = None, **options: Any) -> TestResponse:
        return self.request("POST", path, as_=as_, json=json, **options)

    def put(self, path: str, json: Any = None, *, as_: Caller | None = None, **options: Any) -> TestResponse:
        return self.request("PUT", path, as_=as_, json=json, **options)

    def patch(self, path: str, json: Any = None, *, as_: Caller | None = None, **options: Any) -> TestResponse:
        return self.request("PATCH", path, as_=as_, json=json, **options)

    def delete(self, path: str, *, as_: Caller | None = None, **options: Any) -> TestResponse:
        return self.request("DELETE", path, as_=as_, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        as_: Caller | None = None,
        headers: Mapping[str, str] | None = None,
        **body: Any,
    ) -> TestResponse:
        """Call the function declared for this route; `body` is werkzeug's: `json=`, `data=`, `query_string=`."""
        spec = route(method, path.partition("?")[0])
        given = as_gateway({**(as_.headers if as_ else {}), **(headers or {})})
        return call(spec, method, path, headers=given, **body)


def as_gateway(headers: Mapping[str, str]) -> dict[str, str]:
    """What a function sees of a caller's headers: the gateway's own token stands in `Authorization`."""
    forwarded = {"X-Forwarded-Authorization" if name == "Authorization" else name: v for name, v in headers.items()}
    return {**forwarded, "Authorization": "Bearer the-gateways-own"}


def call(spec: Declaration | None, method: str, path: str, **request: Any) -> TestResponse:
    """Run one function on one HTTP request, in an application like the platform's around it."""
    client = _application_of(spec).test_client()
    return client.open(path, method=method, **{name: value for name, value in request.items() if value is not None})


def _application_of(spec: Declaration | None) -> flask.Flask:
    """Made at the first call; the declaration is kept beside it, so that no other one can take its place."""
    with _ONE_AT_A_TIME:
        if id(spec) not in _applications:
            _applications[id(spec)] = spec, _application(spec)
        return _applications[id(spec)][1]


def _application(spec: Declaration | None) -> flask.Flask:
    app = flask.Flask("function")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["PROPAGATE_EXCEPTIONS"] = True

    def serve(path: str) -> flask.Response:
        if spec is None:
            return flask.Response('{"error": "no function has this route"}', 404, content_type="application/json")
        return spec.serve(flask.request)

    for rule in ("/", "/<path:path>"):
        app.add_url_rule(
            rule,
            rule,
            serve,
            defaults={"path": ""} if rule == "/" else None,
            methods=METHODS,
            provide_automatic_options=False,
        )
    return app
