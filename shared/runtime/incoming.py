"""What a request brings that needs no model to be read: its bytes and the ids in its path.

Who reads one thing by its id needs no more, and does not pay for what reads bodies.
"""

import re
from typing import Any
from uuid import UUID

from flask import Request
from werkzeug.exceptions import HTTPException

from shared.kernel.errors import BadRequest, NotFound, TooLarge
from shared.kernel.ids import read_id

LARGEST_BODY = 10 * 1024 * 1024
_NOTHING = "there is nothing at this address"


def raw_body(request: Request) -> bytes:
    """The bytes that came, at most LARGEST_BODY of them."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise TooLarge("the body is over 10 MB")
    # Where no length is named, the platform's own bound would cut the body off there and say nothing.
    request.max_content_length = LARGEST_BODY + 1
    try:
        body = request.get_data()
    except HTTPException as error:
        raise BadRequest("the body could not be read to its end") from error
    if len(body) > LARGEST_BODY:
        raise TooLarge("the body is over 10 MB")
    return body


def read_path(pattern: re.Pattern[str], path: str, types: dict[str, Any]) -> dict[str, Any]:
    """The path's parameters; an id in any other than the usual spelling names nothing."""
    match = pattern.fullmatch(path)
    if match is None:
        raise NotFound(_NOTHING)
    return {name: _id(value) if types[name] is UUID else value for name, value in match.groupdict().items()}


def _id(value: str) -> UUID:
    try:
        return read_id(value)
    except ValueError as error:
        raise NotFound(_NOTHING) from error
