"""What an operation can answer: its success, and the errors that can really happen to it."""

from collections.abc import Iterable
from typing import Any, get_args, get_origin

from flask import Response

from infra.documents.examples import Examples
from infra.documents.schemas import PLACE, Json, Models, reachable
from shared.runtime.answers import STATUS
from shared.runtime.declarations import Limit, Routed
from shared.runtime.http import PUBLIC, Endpoint, Role
from shared.runtime.query import One, Page

REQUEST_ID = "01957f3e-8a10-7000-9000-c0ffee000001"
CURSOR = "WyJjcmVhdGVkX2F0IiwgIm5leHQiLCAiMjAyNi0wMy0xMCJd"
SHARED = "#/components/headers/"
DEFINITIONS: Json = {
    "Error": {
        "type": "object",
        "title": "Error",
        "description": "The one shape of every error.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message", "details", "request_id"],
                "properties": {
                    "code": {"type": "string", "description": "Stable; for programs."},
                    "message": {"type": "string", "description": "A sentence; for people."},
                    "details": {"type": "object", "description": "Which fields, and what is wrong with each."},
                    "request_id": {"type": "string", "description": "Finds the request in our logs."},
                },
            }
        },
    },
    "Meta": {
        "type": "object",
        "title": "Meta",
        "required": ["request_id"],
        "properties": {"request_id": {"type": "string"}},
    },
    "Paging": {
        "type": "object",
        "title": "Paging",
        "description": "Cursors to the pages around this one; null where there is none.",
        "required": ["next", "previous"],
        "properties": {"next": {"type": ["string", "null"]}, "previous": {"type": ["string", "null"]}},
    },
    "Received": {
        "type": "object",
        "title": "Received",
        "required": ["status"],
        "properties": {"status": {"const": "received"}},
    },
}
# By status: the name, when it comes, the code and message of its example, and its details.
ERRORS: dict[int, tuple[str, str, str, str, Json]] = {
    400: ("BadRequest", "The request cannot be read.", "bad_json", "the body is not JSON that can be accepted", {}),
    401: (
        "Unauthenticated",
        "Nobody is known by this credential.",
        "unauthenticated",
        "sign in first: there is no credential here, or it is unknown, out of date or revoked",
        {},
    ),
    403: (
        "Forbidden",
        "The caller's role does not allow it, or their API key was made for other things.",
        "forbidden",
        "this needs the role admin",
        {},
    ),
    404: ("NotFound", "It is not there, or belongs to somebody else.", "not_found", "there is no such resource", {}),
    409: ("Conflict", "It does not go with how things stand now.", "conflict", "look at it again and retry", {}),
    412: (
        "PreconditionFailed",
        "It was changed since the version that `If-Match` names.",
        "precondition_failed",
        "this was changed since you read it; look at it again",
        {"version": 4},
    ),
    413: ("TooLarge", "The body is too large.", "too_large", "the body is over 10 MB", {}),
    422: (
        "Invalid",
        "It is well formed but asks for something that cannot be.",
        "invalid",
        "some fields are not as they must be; see details",
        {"fields": [{"field": "name", "problem": "Field required"}]},
    ),
    429: (
        "TooMany",
        "You ask more often than agreed.",
        "rate_limited",
        "that was too often; try again in 12 seconds",
        {"limit": 20, "remaining": 0, "reset": 1773151500, "retry_after": 12},
    ),
    500: ("Internal", "Something went wrong on our side.", "internal", "the request id finds it in our logs", {}),
    503: (
        "Unavailable",
        "Something we stand on is away; try again shortly.",
        "unavailable",
        "the database cannot be reached just now; try again shortly",
        {},
    ),
}
RATE = {"X-RateLimit-Limit": "RateLimit", "X-RateLimit-Remaining": "RateRemaining", "X-RateLimit-Reset": "RateReset"}
HEADERS: Json = {
    "ETag": {"description": "The version shown, in quotes; good for `If-Match`.", "schema": {"type": "string"}},
    "Replayed": {
        "description": "There when this is the answer to an earlier request with the same `Idempotency-Key`.",
        "schema": {"const": "true"},
    },
    "RateLimit": {"description": "How many requests a minute may have.", "schema": {"type": "integer"}},
    "RateRemaining": {"description": "How many more may come now.", "schema": {"type": "integer"}},
    "RateReset": {"description": "When the next one may come, in Unix seconds.", "schema": {"type": "integer"}},
    "RequestId": {"description": "Finds the request in our logs.", "schema": {"type": "string"}},
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}


def error_responses() -> Json:
    """The shared descriptions of all errors, by name."""
    return {name: _error(status) for status, (name, *_) in ERRORS.items()}


def _error(status: int) -> Json:
    _, description, code, message, details = ERRORS[status]
    error = {"code": code, "message": message, "details": details, "request_id": REQUEST_ID}
    content = {"schema": {"$ref": f"{PLACE}Error"}, "example": {"error": error}}
    retry = {"Retry-After": {"$ref": f"{SHARED}RetryAfter"}} if status in {429, 503} else {}
    retry |= rate() if status == 429 else {}  # noqa: PLR2004 - as named above
    return {
        "description": description,
        "headers": {**_request_id(), **retry},
        "content": {"application/json": content},
    }


def answers(declared: Routed, models: Models) -> Json:
    """All answers of an operation by status, as OpenAPI wants them."""
    good = success(declared, models) if isinstance(declared, Endpoint) else received()
    bad = {
        str(status): {"$ref": f"#/components/responses/{ERRORS[status][0]}"}
        for status in sorted(statuses(declared, models))
    }
    return {**good, **bad}


def statuses(declared: Routed, models: Models) -> set[int]:
    """The errors that can happen to an operation, from what it takes and what it does."""
    if not isinstance(declared, Endpoint):
        return {400, 401, 404, 413, 500, 503}
    types = declared.types
    writes = "uow" in types or (declared.method != "GET" and not is_read(declared))
    return {
        500,
        *(STATUS[error] for error in declared.errors),
        *({503} if not is_document(types["return"]) else ()),
        *({400} if "body" in types or "query" in types else ()),
        *({400, 412} if declared.takes_version else ()),
        *({400} if declared.takes_key else ()),
        *({429} if is_limited(declared) else ()),
        *({413} if declared.method != "GET" else ()),
        *({422} if "body" in types else ()),
        *({409, 422} if writes else ()),
        *({404} if declared.placeholders() or names_things(declared, models) else ()),
        *({401} if declared.allow is not PUBLIC else ()),
        *({403} if isinstance(declared.allow, Role) else ()),
    }


def names_things(declared: Routed, models: Models) -> bool:
    """Whether a caller's body holds ids, which may be of nothing."""
    if "body" not in declared.types or declared.allow is PUBLIC:
        return False
    schema = models.of(declared.types["body"], "validation")
    return "'format': 'uuid'" in str([schema, reachable(models.definitions, schema)])


def is_read(declared: Routed) -> bool:
    return get_origin(declared.types.get("return")) in (One, Page) and "uow" not in declared.types


def is_document(returned: Any) -> bool:
    """Whether the function makes its own response: `Annotated[Response, "text/html"]`."""
    return returned is Response or Response in get_args(returned)


def success(declared: Endpoint, models: Models) -> Json:
    returned = declared.types["return"]
    if returned is type(None):
        return {"204": {"description": "Done.", "headers": headers(declared)}}
    if is_document(returned):
        kinds = [each for each in get_args(returned) if isinstance(each, str)] or ["application/json"]
        return {str(declared.status): {"description": "The document.", "content": {kind: {} for kind in kinds}}}
    schema = schema_of(returned, models)
    content = {"schema": schema, "example": example_of(returned, models)}
    description = "A page of the list." if get_origin(returned) is Page else "As it is now."
    shown = {"headers": headers(declared), "content": {"application/json": content}}
    begun = {"202": {"description": "As it is now; it is not done yet.", **shown}} if declared.may_begin else {}
    return {str(declared.status): {"description": description, **shown}, **begun}


def headers(declared: Endpoint) -> Json:
    """What comes with a success beside its body."""
    return {
        **_request_id(),
        **({"ETag": {"$ref": f"{SHARED}ETag"}} if declared.shows_version else {}),
        **({"Idempotency-Replayed": {"$ref": f"{SHARED}Replayed"}} if declared.takes_key else {}),
        **(rate() if is_limited(declared) else {}),
    }


def rate() -> Json:
    return {name: {"$ref": f"{SHARED}{shared}"} for name, shared in RATE.items()}


def is_limited(declared: Endpoint) -> bool:
    """Whether its calls are counted: those of everybody who is known, and those that try to be."""
    return isinstance(declared.allow, Role) or declared.limit is Limit.AUTH


def answered(returned: Any) -> Any:
    """The type whose JSON an endpoint answers with, alone or in a page; None when there is none."""
    if returned is type(None) or is_document(returned):
        return None
    return get_args(returned)[0] if get_origin(returned) in (One, Page) else returned


def schema_of(returned: Any, models: Models) -> Json:
    if get_origin(returned) is not Page:
        return models.of(answered(returned), "serialization")
    return {"$ref": f"{PLACE}{page_name(returned, models)}"}


def page_name(returned: Any, models: Models) -> str:
    """What a page of a view is called: ContactPage for one of ContactView."""
    item: str = models.of(answered(returned), "serialization")["$ref"]
    return f"{item.removeprefix(PLACE).removesuffix('View')}Page"


def pages(routed: Iterable[Routed], models: Models) -> Json:
    """The schemas of all pages, by name."""
    returned = [each.types["return"] for each in routed if get_origin(each.types["return"]) is Page]
    return {page_name(each, models): _page(models.of(answered(each), "serialization")) for each in returned}


def _page(item: Json) -> Json:
    return {
        "type": "object",
        "required": ["data", "paging", "meta"],
        "properties": {
            "data": {"type": "array", "items": item},
            "paging": {"$ref": f"{PLACE}Paging"},
            "meta": {"$ref": f"{PLACE}Meta"},
        },
    }


def example_of(returned: Any, models: Models) -> Any:
    item = Examples(models).of(models.of(answered(returned), "serialization"))
    if get_origin(returned) is not Page:
        return item
    return {"data": [item], "paging": {"next": CURSOR, "previous": None}, "meta": {"request_id": REQUEST_ID}}


def received() -> Json:
    """What a provider hears when its delivery is safe."""
    content = {"schema": {"$ref": f"{PLACE}Received"}, "example": {"status": "received"}}
    return {
        "200": {
            "description": "The delivery is safe with us.",
            "headers": _request_id(),
            "content": {"application/json": content},
        }
    }


def _request_id() -> Json:
    return {"X-Request-Id": {"$ref": f"{SHARED}RequestId"}}
