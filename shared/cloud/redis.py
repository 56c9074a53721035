"""Upstash's Redis over REST: in another cloud, so every call has a deadline and nobody waits longer."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import Any

from shared.cloud.breaker import Breaker, Open

DEADLINE = 0.075  # seconds a caller waits, whatever is slow
GIVE_UP = 2.0  # seconds after which a call that nobody waits for any more lets go of its thread
FAILURES, REST = 3, 5.0
THREADS = 16


class StoreAway(Exception):
    """The store did not answer in time, or is not asked just now."""


class Redis:
    """Runs scripts in the store. StoreAway: it cannot be had; what to do without it is for the caller to know."""

    def __init__(self, url: str, token: str, *, deadline: float = DEADLINE) -> None:
        # 60 ms that only those pay who have a store.
        import httpx
        import upstash_redis

        self._client = upstash_redis.Redis(url=url, token=token, rest_retries=0, allow_telemetry=False)
        # The library waits for ever and offers no other way; the lock pins its version.
        self._client._http._client.timeout = httpx.Timeout(GIVE_UP)  # noqa: SLF001
        self._deadline = deadline
        self._breaker = Breaker(FAILURES, REST)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="redis")

    def run(self, script: str, keys: Sequence[str], values: Sequence[str]) -> Any:
        """What a Lua script gives back; it runs as a whole or not at all."""
        try:
            return self._breaker.call(lambda: self._in_time(script, list(keys), list(values)))
        except Open as error:
            raise StoreAway("it failed lately and is not asked for a few seconds") from error
        except Exception as error:
            # Whatever the library or the network raises, the store was of no use.
            raise StoreAway(type(error).__name__) from error

    def _in_time(self, script: str, keys: list[str], values: list[str]) -> Any:
        asked = self._threads.submit(self._client.eval, script, keys, values)
        try:
            return asked.result(self._deadline)
        except TooLate:
            asked.cancel()
            raise

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._client._http._client.close()  # noqa: SLF001 - as above
