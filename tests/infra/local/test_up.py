import json
import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress

import httpx
import pytest

from infra.limits import set_rates
from infra.local.cloud import LocalCloud
from infra.local.first_tenant import greeting
from infra.local.ports import can_bind
from infra.local.postgres import Cluster, connect
from shared.providers.waha.signature import sign
from shared.runtime.declarations import Limit
from tests.infra.programs import gone, start, wait_until
from tests.support.client import ApiClient

READY_SECONDS = 60
TOLD = {
    "base_url",
    "service_token",
    "database_url",
    "owner_database_url",
    "admin",
    "waha_webhook_url",
    "waha_hmac_key",
    "fake_waha_url",
}
PROCESSES = {"postgres", "bus", "redis", "storage", "functions", "relay", "fake_waha"}


@pytest.fixture
def data(tmp_path):
    """A folder for a cloud; what root had to keep elsewhere is removed too."""
    yield tmp_path / "cloud"
    Cluster(tmp_path / "cloud" / "postgres").destroy()


@contextmanager
def up(data, *options):
    """Run `infra up --json`; gives the process and what it said when it was ready."""
    command = ("-m", "infra.cli", "up", "--json", "--data", data, "--port", "0", *options)
    with start(*command, stdout=subprocess.PIPE) as program:
        reading = threading.Timer(READY_SECONDS, program.kill)
        reading.start()
        try:
            yield program, json.loads(program.stdout.readline() if program.stdout else "")
        finally:
            reading.cancel()
            if program.poll() is None:
                program.send_signal(signal.SIGINT)


@contextmanager
def client_of(cloud, **headers):
    """The client that is generated from the API's document; it calls with the admin's key, or with other headers."""
    client = ApiClient(cloud["base_url"], headers or {"X-API-Key": cloud["admin"]["api_key"]})
    yield client
    client.close()


def whoami(cloud):
    with client_of(cloud) as client:
        return client.ask("get_profile").parsed.to_dict()


def deliver(cloud):
    """A signed delivery of WAHA's, which is safe when it is answered 200."""
    body = json.dumps(greeting()).encode()
    headers = {"X-Webhook-Hmac": sign(body, cloud["waha_hmac_key"]), "X-Webhook-Hmac-Algorithm": "sha512"}
    return httpx.post(cloud["waha_webhook_url"], content=body, headers=headers, trust_env=False, timeout=20).status_code


def role_of(url):
    connection = connect(url)
    try:
        return connection.run("select current_user")[0][0]
    finally:
        connection.close()


def published(data, cloud):
    """How many events have been published, and how many wait."""
    password = json.loads((data / "postgres.passwords").read_text())["postgres"]
    address = cloud["database_url"].rpartition("@")[2]
    connection = connect(f"postgresql://postgres:{password}@{address}")
    try:
        return connection.run("select count(published_at), count(*) - count(published_at) from outbox_events")[0]
    finally:
        connection.close()


def busy_admin(cloud):
    """The headers of an admin of a new tenant, who may make as many keys as it likes."""
    who = {"tenant_name": "Busy", "name": "Bia", "email": "bia@example.com", "password": "correct horse battery"}
    with client_of(cloud) as client:
        account = client.ask("register", body=who).parsed
    set_rates(cloud["owner_database_url"], account.tenant_id, {Limit.AUTH: 1000})
    bearer = {"Authorization": f"Bearer {account.access_token}"}
    with client_of(cloud, **bearer) as client:
        assert client.ask("get_profile").headers["X-RateLimit-Limit"] == "1000"
    return bearer


def kill_under_fire(cloud, headers, count):
    """Kill the functions while requests come in; gives the statuses that were answered."""
    statuses: list[int] = []

    def make_keys():
        with client_of(cloud, **headers) as client:
            while len(statuses) < count:
                with suppress(httpx.TransportError):
                    answer = client.ask("create_api_key", body={"name": "made under fire"})
                    statuses.append(answer.status_code)

    callers = [threading.Thread(target=make_keys) for _ in range(4)]
    for caller in callers:
        caller.start()
    wait_until(lambda: len(statuses) >= count // 4)
    os.killpg(cloud["pids"]["functions"], signal.SIGKILL)
    for caller in callers:
        caller.join()
    return statuses


def test_a_local_cloud_keeps_what_it_holds_whatever_is_killed(data):
    with up(data) as (program, cloud):
        assert set(cloud) >= TOLD
        assert set(cloud["pids"]) == PROCESSES
        me = whoami(cloud)
        assert me["role"] == "admin"
        assert role_of(cloud["database_url"]) == "ventros_app"
        assert role_of(cloud["owner_database_url"]) == "ventros_owner"

        assert deliver(cloud) == 200

        assert set(kill_under_fire(cloud, busy_admin(cloud), 40)) == {201}
        wait_until(lambda: published(data, cloud)[1] == 0)
        assert published(data, cloud)[0] >= 40

        os.kill(program.pid, signal.SIGKILL)
        program.wait()
        wait_until(lambda: all(map(gone, cloud["pids"].values())), 15)

    with up(data) as (program, again):
        assert again["admin"] == cloud["admin"]
        assert again["base_url"] == cloud["base_url"]
        assert whoami(again) == me
        assert deliver(again) == 200
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 143
        assert all(map(gone, again["pids"].values()))
    secrets = ("keys.json", "first_tenant.json", "postgres.passwords", "bus/issuer.pem")
    assert {oct((data / name).stat().st_mode & 0o777) for name in secrets} == {"0o600"}


def test_two_clouds_do_not_share_a_folder(data):
    data.mkdir()
    first = LocalCloud(data, 0)
    first._hold_folder()
    with pytest.raises(RuntimeError, match="Another local cloud is using"):
        LocalCloud(data, 0).start()
    first.stop()


def test_a_taken_port_is_said_in_a_sentence(data, monkeypatch):
    monkeypatch.setattr("infra.local.cloud.LEFTOVER_SECONDS", 0.1)
    monkeypatch.setattr("infra.local.cloud.can_bind", lambda port: False)
    with pytest.raises(RuntimeError, match="Port 8080 is taken"):
        LocalCloud(data, 8080).start()


def test_a_folder_of_the_other_postgres_is_not_touched(data):
    folder = Cluster(data / "postgres").data_dir
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("18\n")
    with pytest.raises(RuntimeError, match="holds a Postgres 18; use --major 18"):
        LocalCloud(data, 0, major=16).start()


def test_interrupted_while_it_starts_it_leaves_nothing(data):
    with start("-m", "infra.cli", "up", "--json", "--data", data, "--port", "0", stdout=subprocess.PIPE) as program:
        wait_until((data / "postgres.passwords").exists)
        program.send_signal(signal.SIGINT)
        said, _ = program.communicate(timeout=30)
    assert (program.returncode, said) == (130, "")
    assert can_bind(json.loads((data / "ports.json").read_text())["postgres"])
