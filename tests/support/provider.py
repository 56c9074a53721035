"""A WAHA server that answers for every channel there is; its session waits for a phone, so that one can be paired."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from infra.fakes.waha import FakeWaha
from tests.support.environment import environment
from tests.support.world import World

SESSION = "default"


@contextmanager
def answering(world: World) -> Iterator[FakeWaha]:
    """For the length of the block; channels that are made within it are not among them."""
    hosts = os.environ.get("ALLOWED_HOSTS", "")
    with FakeWaha() as waha, environment({"ALLOWED_HOSTS": f"{hosts},{waha.address}"}):
        waha.add_session(SESSION, "GOWS", api_key="waha-key", status="SCAN_QR_CODE", paired=False)
        world.run("update channels set base_url = :url, session_name = :name", url=waha.url, name=SESSION)
        yield waha
