import asyncio
import json
from datetime import UTC, datetime

import pytest

from infra.local.bus import Bus
from infra.local.http_client import HttpClient
from infra.local.scheduler import Scheduler, jobs_from
from infra.local.tokens import TokenIssuer, verify
from tests.infra.local.conftest import ACCOUNT


@pytest.fixture
def jobs(tmp_path, receiver):
    file = tmp_path / "jobs.json"
    each_minute = {"name": "sweep", "cron": "* * * * *", "url": receiver.url + "/sweep"}
    nightly = {"name": "nightly", "cron": "0 3 * * *", "url": receiver.url + "/nightly"}
    file.write_text(json.dumps([each_minute, nightly]))
    return jobs_from(file)


def test_a_job_runs_on_request_as_the_service_account(tmp_path, receiver, jobs):
    receiver.answer = lambda _: 202
    with Bus(tmp_path, service_account=ACCOUNT, jobs=jobs) as bus:
        assert bus.run_job("nightly") == 202
        with pytest.raises(KeyError):
            bus.run_job("absent")

    [sent] = receiver.at("/nightly")
    bearer = sent.headers["authorization"].removeprefix("Bearer ")
    assert sent.method == "POST"
    assert sent.headers["x-cloudscheduler-jobname"] == "nightly"
    assert verify(bearer, receiver.url + "/nightly", ACCOUNT, bus.tokens.jwks())["email"] == ACCOUNT


def test_a_job_whose_target_is_down_is_not_made_up(tmp_path, receiver, jobs):
    receiver.close()
    with Bus(tmp_path, service_account=ACCOUNT, jobs=jobs, scale=0.01) as bus:
        assert bus.run_job("sweep") is None
        receiver.open()
        assert bus.run_job("nightly") == 204

    assert [sent.path for sent in receiver.sent] == ["/nightly"]


def test_each_minute_fires_what_is_due_then(tmp_path, receiver, jobs):
    async def scenario():
        client = HttpClient()
        scheduler = Scheduler(jobs, client, TokenIssuer(tmp_path), ACCOUNT)
        for hour in (2, 3):
            scheduler.fire(datetime(2026, 11, 20, hour, 0, tzinfo=UTC))
        await asyncio.to_thread(receiver.wait, 3)
        client.close()

    asyncio.run(scenario())

    assert sorted(sent.path for sent in receiver.sent) == ["/nightly", "/sweep", "/sweep"]
    assert receiver.at("/nightly")[0].headers["x-cloudscheduler-scheduletime"] == "2026-11-20T03:00:00+00:00"


def test_the_clock_fires_each_minute_once(tmp_path, receiver, jobs, monkeypatch):
    fired: list[datetime] = []

    async def scenario():
        scheduler = Scheduler(jobs, HttpClient(), TokenIssuer(tmp_path), ACCOUNT)
        monkeypatch.setattr(scheduler, "fire", fired.append)
        naps = []

        async def nap(seconds):
            naps.append(seconds)
            if len(naps) > 3:
                raise asyncio.CancelledError

        monkeypatch.setattr(asyncio, "sleep", nap)
        await scheduler.keep_time()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())

    assert len({moment.replace(second=0) for moment in fired}) == len(fired) == 3
    assert all(moment.second == 0 for moment in fired)
