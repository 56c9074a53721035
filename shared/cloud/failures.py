"""What a failed call to Google says about the next one."""

from enum import StrEnum

from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, ServiceUnavailable, TooManyRequests
from google.auth.exceptions import GoogleAuthError

FAILURES = (GoogleAPICallError, GoogleAuthError)
_LONGEST = 300


class Scope(StrEnum):
    """How much else would fail as well."""

    SERVICE = "service"  # it is away, or does not let us in: nothing would go through
    DESTINATION = "destination"  # this topic or queue is missing or closed to us
    MESSAGE = "message"


class Undelivered(Exception):
    """Google did not acknowledge it; it may have arrived all the same."""

    def __init__(self, reason: str, scope: Scope) -> None:
        super().__init__(reason)
        self.scope = scope


def undelivered(error: Exception) -> Undelivered:
    """Say it in our words; `error` is one of FAILURES."""
    return Undelivered(f"{type(error).__name__}: {error}"[:_LONGEST], _scope(error))


def _scope(error: Exception) -> Scope:
    if isinstance(error, (ServiceUnavailable, TooManyRequests, GoogleAuthError)):
        return Scope.SERVICE
    return Scope.DESTINATION if isinstance(error, (NotFound, Forbidden)) else Scope.MESSAGE
