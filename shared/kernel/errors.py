"""Failures the domain can name; the runtime maps each kind to one HTTP status."""

from collections.abc import Mapping
from typing import Any


class DomainError(Exception):
    """A rule said no. `code` is stable and public; the message is a sentence for people."""

    code = "rule_broken"

    def __init__(self, message: str, *, code: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code or type(self).code
        self.details = dict(details or {})


class BadRequest(DomainError):
    """The request itself cannot be read: its query, its cursor, its JSON."""

    code = "bad_request"


class Unauthenticated(DomainError):
    code = "unauthenticated"


class Forbidden(DomainError):
    code = "forbidden"


class NotFound(DomainError):
    code = "not_found"


class Conflict(DomainError):
    code = "conflict"


class Invalid(DomainError, ValueError):
    """A well-formed request asks for something that cannot be."""

    code = "invalid"


class PreconditionFailed(DomainError):
    """The caller wants to change something as it no longer is."""

    code = "precondition_failed"


class TooMany(DomainError):
    """The caller asks more often than agreed. `details` say when to come back, in the words of the headers."""

    code = "rate_limited"


class TooLarge(DomainError):
    code = "too_large"


class Unavailable(DomainError):
    """Something we stand on is away; trying again later is right."""

    code = "unavailable"
