"""One server for all campaigns of a worker: each has a database of its own on it."""

from collections.abc import Iterator

import pytest

from tests.support.postgres import lending


@pytest.fixture(scope="session", autouse=True)
def _server() -> Iterator[None]:
    with lending():
        yield
