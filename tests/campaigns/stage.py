"""A database of a campaign's own, with the keys and settings that lead to it; nothing is left of it afterwards."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.keys import make_keys
from tests.support.clock import make_movable
from tests.support.environment import disconnect, environment
from tests.support.postgres import Database, fresh
from tests.support.world import World


@contextmanager
def stage(name: str, *, movable: bool = False) -> Iterator[World]:
    """Migrate a fresh database and let the functions of this process work on it; `movable` is its clock."""
    with fresh(f"campaign_{name}") as database:
        if movable:
            make_movable(database)
        with on(database) as world:
            yield world


@contextmanager
def on(database: Database) -> Iterator[World]:
    """Let the functions of this process work on a database, with keys of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="ventros-campaign-") as folder,
        environment({**make_keys(Path(folder)).environment(), **database.environment()}),
    ):
        try:
            yield World(database)
        finally:
            disconnect(database.app_url, database.admin_url, database.relay_url)
