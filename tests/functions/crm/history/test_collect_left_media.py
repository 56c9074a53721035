"""What an import left with the provider is fetched when a later one wants it: each file once, whatever happens."""

from datetime import timedelta
from uuid import UUID

import pytest

from infra.fakes.waha_events import Party
from shared.crm.history import leftovers
from shared.crm.history.store import HistoryRuns
from shared.crm.history.tasks import CollectLeftMedia
from shared.kernel.ids import uuid7
from shared.runtime.postgres import Sql, sql
from shared.runtime.work import unit_of_work
from tests.functions.crm.history.conftest import DAY, ENGINES
from tests.support.calls import give
from tests.support.shop import ANA, open_shop

LONG_AGO = {"since": "2020-01-01T00:00:00Z"}


@pytest.fixture
def left(small):
    """Five pictures and a text were imported without files, and are now wanted."""
    for day in range(5):
        small.keeps(f"foto{day}", (9 - day) * DAY, kind="image")
    small.keeps("texto", 3 * DAY)
    small.fetches()
    assert small.count("media_files") == 0
    return small


def wanted(past, **body):
    return past.fetches(media=True, **LONG_AGO, **body)


def run_of(past):
    return UUID(past.status()["id"])


def collected(world):
    return world.rows("select id, status, priority, message_id from media_files order by id")


def forget_files(world):
    world.run("update messages set media_file_id = null")
    world.run("delete from media_files")


@pytest.mark.parametrize("at_once", [1, 2, 5, 300])
def test_every_file_that_was_left_is_stored_once(left, world, monkeypatch, at_once):
    monkeypatch.setattr(leftovers, "AT_ONCE", at_once)
    assert wanted(left)["added"] == 0
    files = collected(world)
    assert {(row["status"], row["priority"]) for row in files} == {("stored", "import")}
    assert len({row["message_id"] for row in files}) == len(files) == 5
    wanted(left)
    assert collected(world) == files
    assert len(world.events("message.media_stored")) == 5


@pytest.mark.parametrize("engine", ENGINES)
def test_on_every_engine(open_past, world, engine):
    past = open_past(engine, chats=4, messages=40)
    past.fetches(**LONG_AGO)
    wanted(past)
    assert past.count("media_files") == past.count("messages where media is not null") > 0


def test_a_walk_that_was_killed_goes_on_where_it_was(left, world, monkeypatch):
    monkeypatch.setattr(leftovers, "AT_ONCE", 2)
    wanted(left)
    forget_files(world)
    run_id = run_of(left)
    ids = [UUID(row["id"]) for row in world.rows("select id from messages where media is not null order by sent_at")]

    def killed(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(leftovers, "collect", killed)
        assert give(left.shop.tenant.tenant_id, CollectLeftMedia(run_id=run_id, after=ids[1])) == 500
    assert collected(world) == []
    again = uuid7()
    for _ in range(3):
        task = CollectLeftMedia(run_id=run_id, after=ids[1])
        assert give(left.shop.tenant.tenant_id, task, task_id=again) == 204
    assert {row["message_id"] for row in collected(world)} == {str(each) for each in ids[2:4]}
    following = [row for row in world.tasks("collect_left_media") if row["body"]["data"]["after"] == str(ids[3])]
    assert len({row["dedup_name"] for row in following}) == 1


@pytest.mark.parametrize("status", ["running", "paused", "failed", "cancelled"])
def test_a_run_that_has_not_ended_well_wants_nothing(left, world, status):
    wanted(left)
    forget_files(world)
    world.run("update history_runs set status = :status where id = :id", status=status, id=run_of(left))
    assert give(left.shop.tenant.tenant_id, CollectLeftMedia(run_id=run_of(left))) == 204
    assert collected(world) == []


def test_nor_does_one_without_files_nor_one_that_only_compares(left, world):
    left.fetches(**LONG_AGO)
    left.asks("reconcile", days=30)
    left.works()
    assert world.tasks("collect_left_media") == []
    assert collected(world) == []
    assert give(left.shop.tenant.tenant_id, CollectLeftMedia(run_id=run_of(left))) == 204
    assert collected(world) == []


def test_only_those_of_its_time(left, world):
    since = world.now() - timedelta(days=7, hours=12)
    left.fetches(media=True, since=since.isoformat())
    assert len(collected(world)) == 3


def test_only_those_of_the_chats_that_are_named(left, world):
    left.keeps("outra", 4 * DAY, kind="image", customer=Party(phone="5511911112222", name="Bia"))
    left.fetches(**LONG_AGO)
    wanted(left, chats=["+5511911112222"])
    assert len(collected(world)) == 1
    wanted(left, chats=[f"+{ANA.phone}"])
    assert len(collected(world)) == 6


def test_not_those_of_who_was_deleted_nor_of_messages_that_were(left, world):
    world.run("update messages set deleted_at = now() where text = 'foto1'")
    wanted(left)
    assert len(collected(world)) == 4
    forget_files(world)
    world.run("update contacts set deleted_at = now()")
    assert give(left.shop.tenant.tenant_id, CollectLeftMedia(run_id=run_of(left))) == 204
    assert collected(world) == []


def test_not_what_is_not_sent_yet(left, world):
    world.run("update messages set provider_id = null where text = 'foto1'")
    wanted(left)
    assert len(collected(world)) == 4


def test_nothing_of_another_tenant(left, world, api, other_tenant):
    wanted(left)
    forget_files(world)
    with open_shop(world, api, other_tenant) as other:
        assert give(other.tenant.tenant_id, CollectLeftMedia(run_id=run_of(left))) == 204
    assert collected(world) == []


def test_they_are_found_by_their_index(left):
    with unit_of_work(left.shop.tenant.tenant_id) as uow:
        asked = leftovers.left_behind(HistoryRuns(uow).last_import(left.shop.channel.id), uuid7())
        hint, explained = sql("set local enable_seqscan = off"), Sql(f"explain {asked.text}", asked.values)
        plan = " ".join(row[0] or "" for row in uow.run(hint, explained)[1])
    assert "Index Scan using messages_media_left on messages m" in plan
    assert "sent_at >=" in plan.partition("messages_media_left")[2].partition("Filter")[0]
    assert "Sort" not in plan
