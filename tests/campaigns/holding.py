"""Letting everything happen but for one consumer."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from shared.runtime.consume import Consumer
from tests.support import world as around
from tests.support.functions import consumers_of


@contextmanager
def held_back(consumer: str) -> Iterator[None]:
    """Let everything go its way but for one consumer, which hears of nothing."""

    def others(event_type: str) -> list[Consumer]:
        return [spec for spec in consumers_of(event_type) if spec.name != consumer]

    with patch.object(around, "consumers_of", others):
        yield
