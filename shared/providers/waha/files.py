"""Reading the file of a message from where WAHA says it is, part by part."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import httpx

from shared.providers import guard
from shared.providers.urls import ForbiddenUrl, origin

SECONDS = 240.0  # for a whole file, however slowly it comes
CHUNK = 256 * 1024
OK, REDIRECT, CLIENT_ERROR, SERVER_ERROR = 200, 300, 400, 500
GONE = {404, 410}
# A link that somebody signed answers so when its time is over.
EXPIRED = {400, 401, 403, *GONE}


class Trouble(StrEnum):
    """Why a file could not be read."""

    FORBIDDEN_URL = "forbidden_url"
    UNREACHABLE = "unreachable"
    GONE = "gone"
    REFUSED = "refused"
    REDIRECTED = "redirected"
    SERVER_ERROR = "server_error"
    COMPRESSED = "compressed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TRUNCATED = "truncated"


class Unreadable(Exception):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@contextmanager
def read_file(
    url: str,
    *,
    base_url: str,
    api_key: str | None,
    most_bytes: int,
    allow: frozenset[str] = frozenset(),
    own: frozenset[str] = frozenset(),
    seconds: float | None = None,
) -> Iterator[Iterator[bytes]]:
    """Open a file and give its parts as they come; opening and reading raise Unreadable.

    A key goes to the server of `base_url` alone: same scheme, host and port. A redirect is never followed.
    """
    with guard.client(allow, own=own, total_seconds=seconds or SECONDS, most_bytes=most_bytes) as http, _troubles():
        is_servers = origin(url, allow, own) == origin(base_url, allow, own)
        headers = {"X-Api-Key": api_key} if is_servers and api_key else {}
        with http.stream("GET", url, headers=headers) as response:
            _accept(response, most_bytes, known_key=bool(headers))
            yield _parts(response)


def _accept(response: httpx.Response, most_bytes: int, *, known_key: bool) -> None:
    status = response.status_code
    if status in GONE or (not known_key and status in EXPIRED):
        raise Unreadable(Trouble.GONE)
    if status >= SERVER_ERROR:
        raise Unreadable(Trouble.SERVER_ERROR)
    if REDIRECT <= status < CLIENT_ERROR:
        raise Unreadable(Trouble.REDIRECTED)
    # Part of a file, or none, is no file.
    if status != OK:
        raise Unreadable(Trouble.REFUSED)
    told = response.headers.get("Content-Length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise Unreadable(Trouble.TOO_LARGE)


def _parts(response: httpx.Response) -> Iterator[bytes]:
    with _troubles():
        yield from response.iter_bytes(CHUNK)


@contextmanager
def _troubles() -> Iterator[None]:
    """Say in our words what went wrong on the way."""
    try:
        yield
    except ForbiddenUrl as error:
        raise Unreadable(Trouble.FORBIDDEN_URL) from error
    except guard.TooMuchData as error:
        raise Unreadable(Trouble.TOO_LARGE) from error
    except httpx.DecodingError as error:
        raise Unreadable(Trouble.COMPRESSED) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise Unreadable(Trouble.FORBIDDEN_URL) from error
    except httpx.ConnectError as error:
        raise Unreadable(Trouble.UNREACHABLE) from error
    except httpx.TimeoutException as error:
        raise Unreadable(Trouble.TOO_SLOW) from error
    except httpx.HTTPError as error:
        raise Unreadable(Trouble.TRUNCATED) from error
