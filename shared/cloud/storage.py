"""Objects in a bucket of Cloud Storage: written as they come in, never over one that is there, and never held whole."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import RawIOBase
from typing import Any, Protocol

PART = 1024 * 1024  # bytes: what is read of an object at once
UPLOAD_PART = 8 * PART  # what is held of one that is written
SECONDS = (10.0, 60.0)  # to connect, and between two signs of life
PATIENCE = 20.0  # seconds in which a call is tried again
GOOGLE_URL = "https://storage.googleapis.com"


class StorageAway(Exception):
    """The store did not answer, or does not let us in; trying again later is right."""


class AlreadyThere(Exception):
    """An object of that name is there and was left as it is."""


class NotThere(Exception):
    """There is no object of that name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is known of an object without reading it."""

    size_bytes: int
    mimetype: str


class Storage(Protocol):
    """One bucket. Every method raises StorageAway."""

    def put(self, name: str, chunks: Iterable[bytes], *, mimetype: str) -> None:
        """Write a new object as its chunks come; when they fail, nothing is kept. AlreadyThere."""

    def copy(self, name: str, to: str, *, mimetype: str) -> None:
        """Make a new object that is like another, inside the store. AlreadyThere, NotThere."""

    def read(self, name: str) -> Iterator[bytes]:
        """The object's bytes, a part at a time. NotThere."""

    def head(self, name: str) -> Kept | None:
        """What is known of an object; None when there is none."""

    def delete(self, name: str) -> None:
        """See that there is no object of that name."""


class CloudStorage:
    """A bucket of Google's; `base_url` other than Google's is a stand-in, which is asked without credentials."""

    def __init__(self, project: str, bucket: str, *, base_url: str = GOOGLE_URL) -> None:
        from google.auth.credentials import AnonymousCredentials
        from google.cloud.storage import Client
        from google.cloud.storage.retry import DEFAULT_RETRY

        options: dict[str, Any] = {}
        if base_url != GOOGLE_URL:
            options = {"credentials": AnonymousCredentials(), "client_options": {"api_endpoint": base_url}}  # type: ignore[no-untyped-call] # the library leaves it untyped
        self._client = Client(project=project, **options)
        # It would ask about the bucket itself, in a thread of its own, with every client; the lock pins its version.
        self._client._bucket_metadata_cache = None  # noqa: SLF001
        self._bucket = self._client.bucket(bucket)
        # Trying again is safe: an object that the first attempt made shows itself as AlreadyThere.
        self._options = {"timeout": SECONDS, "retry": DEFAULT_RETRY.with_timeout(PATIENCE)}
        self._new = {**self._options, "if_generation_match": 0}

    def put(self, name: str, chunks: Iterable[bytes], *, mimetype: str) -> None:
        blob = self._bucket.blob(name, chunk_size=UPLOAD_PART)
        with _answers():
            blob.upload_from_file(Chunks(chunks), content_type=mimetype, **self._new)

    def copy(self, name: str, to: str, *, mimetype: str) -> None:
        target = self._bucket.blob(to)
        target.content_type = mimetype
        with _answers():
            token, *_ = target.rewrite(self._bucket.blob(name), **self._new)
            while token:
                token, *_ = target.rewrite(self._bucket.blob(name), token=token, **self._new)

    def read(self, name: str) -> Iterator[bytes]:
        # The library asks for a part at a time, so a slow reader holds no connection.
        with _answers(), self._bucket.blob(name).open("rb", chunk_size=PART, **self._options) as source:
            while part := source.read(PART):
                yield part

    def head(self, name: str) -> Kept | None:
        with _answers():
            blob = self._bucket.get_blob(name, **self._options)
        return Kept(size_bytes=int(blob.size), mimetype=blob.content_type or "") if blob else None

    def delete(self, name: str) -> None:
        try:
            with _answers():
                self._bucket.blob(name).delete(**self._options)
        except NotThere:
            return


@contextmanager
def _answers() -> Iterator[None]:
    """Say in our words what the library says of an answer, or of none."""
    from google.api_core.exceptions import GoogleAPICallError, NotFound, PreconditionFailed, RetryError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.storage.exceptions import InvalidResponse
    from requests.exceptions import RequestException

    try:
        yield
    except PreconditionFailed as error:
        raise AlreadyThere from error
    except NotFound as error:
        raise NotThere from error
    except (GoogleAPICallError, GoogleAuthError, RetryError, InvalidResponse, RequestException) as error:
        raise StorageAway(f"{type(error).__name__}: {error}"[:300]) from error


class Chunks(RawIOBase):
    """Chunks as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__()
        self._chunks = iter(chunks)
        self._rest = b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Exactly so many bytes while there are so many; fewer mean the end."""
        parts, wanted = [], size if size >= 0 else float("inf")
        while wanted > 0 and (part := self._rest or next(self._chunks, b"")):
            taken = part[: int(min(wanted, len(part)))]
            self._rest = part[len(taken) :]
            wanted -= len(taken)
            parts.append(taken)
        found = b"".join(parts)
        self._at += len(found)
        return found

    def tell(self) -> int:
        return self._at
