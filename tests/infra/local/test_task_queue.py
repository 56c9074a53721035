import asyncio

from infra.local.journal import Journal
from infra.local.task_queue import Tombstones


def test_a_name_is_free_again_after_an_hour(tmp_path):
    async def scenario(journal):
        tombstones = Tombstones(journal)
        tombstones.add("a", now=1000)
        held = [tombstones.holds("a", now=now) for now in (1000, 4599, 4600)]
        tombstones.add("b", now=4600)
        await journal.saved()
        return held

    journal = Journal(tmp_path / "journal")
    assert asyncio.run(scenario(journal)) == [True, True, False]
    assert [name for name, _ in journal.load("tombstone")] == ["b"]
    journal.close()
