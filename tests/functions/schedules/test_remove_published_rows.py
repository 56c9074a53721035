import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.environment import ROOT
from infra.local.process import clean_environment
from shared.runtime import schedule
from tests.support.calls import tick
from tests.support.environment import environment

TABLES = ("outbox_events", "outbox_tasks")
_EVENTS = """
insert into outbox_events (id, tenant_id, topic, type, ordering_key, envelope, created_at, published_at)
select gen_random_uuid(), :tenant_id, 'contact', 'contact.created', 'k', '{}',
    now() - make_interval(days => :days), case when :published then now() - make_interval(days => :days) end
from generate_series(1, :count)
"""
_TASKS = """
insert into outbox_tasks (id, tenant_id, queue, task, body, created_at, published_at)
select gen_random_uuid(), :tenant_id, 'q', 't', '{}',
    now() - make_interval(days => :days), case when :published then now() - make_interval(days => :days) end
from generate_series(1, :count)
"""
_SLOWLY = """
import time
from functions.schedules.remove_published_rows import remove_published_rows
from shared.runtime import schedule
from tests.support.calls import tick
schedule.MOST_AT_ONCE = 5
batch = schedule.Old.batch
def slowly(old):
    print(".", flush=True)
    time.sleep(0.05)
    return batch(old)
schedule.Old.batch = slowly
tick("remove_published_rows")
"""


@pytest.fixture
def fill(world, tenant):
    def fill(count, *, days, published=True, owner=tenant):
        values = {"tenant_id": owner.tenant_id, "days": days, "published": published, "count": count}
        for statement in (_EVENTS, _TASKS):
            world.run(statement, **values)

    return fill


@pytest.fixture
def counts(world):
    return lambda: [world.value(f"select count(*) from {table}") for table in TABLES]


def test_what_was_published_long_ago_goes_of_every_tenant_and_nothing_else(fill, counts, other_tenant):
    fill(3, days=8)
    fill(3, days=8, owner=other_tenant)
    fill(2, days=6)
    fill(2, days=400, published=False)
    assert tick("remove_published_rows") == 204
    assert counts() == [4, 4]


def test_what_was_made_long_ago_and_published_lately_stays(fill, world, counts):
    fill(2, days=8)
    for table in TABLES:
        world.run(f"update {table} set published_at = now() - interval '2 days'")
    assert tick("remove_published_rows") == 204
    assert counts() == [2, 2]


@pytest.mark.parametrize(("days", "left"), [("2", 0), ("4", 3), ("0", 0)])
def test_the_settings_say_how_long_it_stays(fill, counts, days, left):
    fill(3, days=3)
    with environment({"OUTBOX_KEPT_DAYS": days}):
        assert tick("remove_published_rows") == 204
    assert counts() == [left, left]


def test_however_the_settings_are_a_day_is_kept(fill, counts):
    fill(3, days=0)
    with environment({"OUTBOX_KEPT_DAYS": "-5"}):
        assert tick("remove_published_rows") == 204
    assert counts() == [3, 3]


def test_it_goes_a_few_at_a_time_until_none_is_left(fill, counts, monkeypatch):
    monkeypatch.setattr(schedule, "MOST_AT_ONCE", 4)
    fill(10, days=8)
    fill(6, days=9)
    fill(1, days=1)
    assert tick("remove_published_rows") == 204
    assert counts() == [1, 1]


def test_several_may_do_it_at_once(fill, counts, monkeypatch):
    monkeypatch.setattr(schedule, "MOST_AT_ONCE", 7)
    for days in range(8, 16):
        fill(40, days=days)
    fill(5, days=1)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(tick, ["remove_published_rows"] * 4)) == [204] * 4
    assert counts() == [5, 5]


def test_one_killed_in_the_middle_leaves_the_rest_to_the_next(fill, counts):
    for days in range(8, 28):
        fill(10, days=days)
    fill(5, days=1)
    names = ("DATABASE_URL", "RELAY_DATABASE_URL", "ENCRYPTION_KEYS")
    env = clean_environment(**{name: os.environ[name] for name in names})
    with subprocess.Popen(
        (sys.executable, "-c", _SLOWLY), cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as half:
        assert half.stdout
        for _ in range(10):
            assert half.stdout.readline() == ".\n"
        half.send_signal(signal.SIGKILL)
    events, tasks = counts()
    assert 5 < events < 205
    assert tasks == 205
    assert tick("remove_published_rows") == 204
    assert counts() == [5, 5]
