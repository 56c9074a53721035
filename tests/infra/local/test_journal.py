import asyncio
import sqlite3

import pytest

from infra.local.journal import Journal


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "journal.sqlite"


def write(path, *changes):
    """Apply changes, each a set of puts and deletes, and return what a fresh journal then holds."""

    async def apply(journal):
        for change in changes:
            change(journal)
            await journal.saved()

    journal = Journal(path)
    asyncio.run(apply(journal))
    journal.close()
    journal = Journal(path)
    records = list(journal.load("kind"))
    journal.close()
    return records


def test_what_was_put_is_there_in_the_order_of_its_keys(path):
    records = write(path, lambda j: [j.put("kind", "b", b"2"), j.put("kind", "a", b"1"), j.put("other", "c", b"3")])

    assert records == [("a", b"1"), ("b", b"2")]


def test_the_last_change_of_a_batch_wins(path):
    def change(journal):
        journal.put("kind", "a", b"1")
        journal.put("kind", "a", b"2")
        journal.put("kind", "b", b"1")
        journal.delete("kind", "b")
        journal.delete("kind", "c")
        journal.put("kind", "c", b"1")

    assert write(path, change) == [("a", b"2"), ("c", b"1")]


def test_a_deleted_record_is_gone(path):
    assert write(path, lambda j: j.put("kind", "a"), lambda j: j.delete("kind", "a")) == []


def test_a_second_journal_over_one_file_is_refused(path):
    journal = Journal(path)

    with pytest.raises(RuntimeError, match="another local cloud"):
        Journal(path)
    journal.close()


def test_what_cannot_be_saved_is_not_confirmed_and_waits_for_the_next_batch(path):
    unsupported = object()

    async def scenario(journal):
        journal.put("kind", "a", b"1")
        journal.put("kind", "b", unsupported)
        with pytest.raises(sqlite3.Error):
            await journal.saved()
        journal.put("kind", "b", b"2")
        await journal.saved()

    journal = Journal(path)
    asyncio.run(scenario(journal))
    assert list(journal.load("kind")) == [("a", b"1"), ("b", b"2")]
    journal.close()
