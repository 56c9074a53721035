"""What the local Pub/Sub and Cloud Tasks must remember: one SQLite file, written in batches."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path


class Journal:
    """Records by kind and key, saved together with everything else that changed in the same turn of the event loop.

    What `saved` has confirmed survives the death of the process, `kill -9` included: it is in the operating system's
    hands. It does not claim to survive a power cut, for which every batch would wait for the disk (synchronous=FULL).
    The file is locked while it is open: two servers over one file would each deliver everything.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, timeout=0)
        self._pending: dict[tuple[str, str], bytes | None] = {}
        self._batch: asyncio.Future[None] | None = None
        self._prepare(path)

    def load(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """Key and body of every saved record of a kind, in the order of their keys."""
        yield from self._database.execute("SELECT key, body FROM records WHERE kind = ? ORDER BY key", (kind,))

    def put(self, kind: str, key: str, body: bytes = b"") -> None:
        self._change(kind, key, body)

    def delete(self, kind: str, key: str) -> None:
        self._change(kind, key, None)

    async def saved(self) -> None:
        """Return once every change made so far is safe; sqlite3.Error if it cannot be."""
        if self._batch is not None:
            await asyncio.shield(self._batch)

    def close(self) -> None:
        self._write()
        self._database.close()

    def _prepare(self, path: Path) -> None:
        try:
            self._database.executescript(
                "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                "CREATE TABLE IF NOT EXISTS records (kind TEXT, key TEXT, body BLOB, PRIMARY KEY (kind, key))"
                " WITHOUT ROWID;"
            )
        except sqlite3.OperationalError as error:
            self._database.close()
            raise RuntimeError(f"{path} cannot be opened; is another local cloud using it? ({error})") from error

    def _change(self, kind: str, key: str, body: bytes | None) -> None:
        self._pending[kind, key] = body
        if self._batch is None:
            loop = asyncio.get_running_loop()
            self._batch = loop.create_future()
            loop.call_soon(self._save, self._batch)

    def _save(self, batch: asyncio.Future[None]) -> None:
        self._batch = None
        try:
            self._write()
        except sqlite3.Error as error:
            batch.set_exception(error)
        else:
            batch.set_result(None)

    def _write(self) -> None:
        """Write what is pending in one transaction; on failure it stays pending for the next batch."""
        puts = [(kind, key, body) for (kind, key), body in self._pending.items() if body is not None]
        deletes = [key for key, body in self._pending.items() if body is None]
        self._database.execute("BEGIN")
        try:
            self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?, ?)", puts)
            self._database.executemany("DELETE FROM records WHERE kind = ? AND key = ?", deletes)
            self._database.execute("COMMIT")
        except sqlite3.Error:
            self._database.rollback()
            raise
        self._pending.clear()
