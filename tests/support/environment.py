"""The environment a function is given, and what a process remembers of it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from shared.runtime import issuers
from shared.runtime.identity import public_keys, signed_claims
from shared.runtime.limits import _known, away, store
from shared.runtime.postgres import connections
from shared.runtime.settings import settings
from shared.runtime.work import engine


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the length of the block; what was read from the old ones is forgotten."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    forget()
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        forget()


def forget() -> None:
    """Forget the settings this process has read."""
    for remembered in (settings, public_keys, signed_claims, store):
        remembered.cache_clear()
    _known.clear()
    away.forget()
    issuers.forget()


def disconnect(*database_urls: str) -> None:
    """Close what this process keeps open to these databases; the next use opens it anew."""
    for url in database_urls:
        connections(url).close()
        engine(url).dispose()
