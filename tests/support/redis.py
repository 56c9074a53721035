"""The shared store of a test: as the local cloud has it, with a deadline that a busy machine can keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from infra.local.redis import LocalRedis
from shared.cloud import redis
from shared.runtime import limits
from tests.support.environment import environment

TOKEN = "the-stores-own"
PATIENCE = 5.0


@contextmanager
def counting(deadline: float = PATIENCE) -> Iterator[LocalRedis]:
    """Limit calls for the length of the block."""
    with LocalRedis(TOKEN) as server, pointed_at(server.url, deadline):
        yield server


@contextmanager
def pointed_at(url: str, deadline: float = PATIENCE) -> Iterator[None]:
    """Count in the store at that address, whether somebody answers there or not."""

    made: list[redis.Redis] = []

    def known(url: str, token: str) -> redis.Redis:
        made.append(redis.Redis(url, token, deadline=deadline))
        return made[-1]

    with patch.object(limits, "Redis", known), environment({"UPSTASH_URL": url, "UPSTASH_TOKEN": TOKEN}):
        try:
            yield
        finally:
            for each in made:
                each.close()
