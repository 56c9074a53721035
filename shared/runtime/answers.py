"""How an HTTP function answers: JSON, and errors in one shape."""

import json
from typing import Any

from flask import Response

from shared.kernel.errors import (
    BadRequest,
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    NotFound,
    PreconditionFailed,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from shared.runtime.telemetry import trace

STATUS: dict[type[DomainError], int] = {
    BadRequest: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}


def answer(status: int, body: str | bytes, content_type: str = "application/json") -> Response:
    response = Response(body, status, content_type=content_type)
    response.headers["X-Request-Id"] = trace().request_id
    return response


def problem(status: int, code: str, message: str, details: Any = None) -> Response:
    """The one error shape: `{error: {code, message, details, request_id}}`."""
    error = {"code": code, "message": message, "details": details or {}, "request_id": trace().request_id}
    return answer(status, json.dumps({"error": error}, ensure_ascii=False))


def refusal(error: DomainError) -> Response:
    """A rule's no, with the status that its kind has."""
    status = next((code for kind, code in STATUS.items() if isinstance(error, kind)), 400)
    response = problem(status, error.code, str(error), error.details)
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = "1"
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.details["retry_after"])
    return response
