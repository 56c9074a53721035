import os
import subprocess
from argparse import Namespace
from contextlib import closing

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from infra import migrate as command
from infra.audit import audit
from infra.local.place import programs
from infra.local.postgres import HOST, SUPERUSER, connect, run
from infra.local.process import OWN
from infra.migrate import ROOT, migrate
from infra.schema import read


def scripts():
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


REVISIONS = [step.revision for step in reversed(list(scripts().walk_revisions()))]


def dump(database):
    """The whole schema as `pg_dump` writes it, without what differs from run to run."""
    version = int(str(run(database.admin_url, "show server_version_num")[0][0]))
    done = subprocess.run(
        (
            *(str(programs(version // 10000, OWN) / "pg_dump"), "--schema-only", "--no-comments"),
            *("--host", HOST, "--port", str(database.server.port), "--username", SUPERUSER, database.name),
        ),
        env={**os.environ, "PGPASSWORD": database.server.passwords[SUPERUSER]},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\", "--"))]


def revision(database):
    return run(database.owner_url, "select version_num from schema_version")


def test_the_steps_form_one_line_and_each_leads_back():
    assert len(scripts().get_heads()) == 1
    assert len(scripts().get_bases()) == 1
    for name in REVISIONS:
        assert {file.name for file in (ROOT / "migrations/sql").glob(f"{name}.*")} == {
            f"{name}.up.sql",
            f"{name}.down.sql",
        }


def test_the_owner_is_no_superuser(blank):
    assert run(blank.owner_url, "select rolsuper from pg_roles where rolname = current_user") == [[False]]


def test_up_down_and_up_again_ends_where_it_was(blank):
    migrate(blank.owner_url)
    first = dump(blank)
    migrate(blank.owner_url, "base")
    with closing(connect(blank.admin_url)) as connection:
        left = read(connection)
    assert [relation.name for relation in left.relations] == ["schema_version"]
    assert (left.policies, left.functions) == ([], [])
    migrate(blank.owner_url)
    assert dump(blank) == first
    assert audit(blank.owner_url) == []


def test_every_step_can_be_taken_back_and_taken_again(blank):
    migrate(blank.owner_url, "+1")
    migrate(blank.owner_url, "base")
    before = dump(blank)
    for name in REVISIONS:
        migrate(blank.owner_url, "+1")
        after = dump(blank)
        assert revision(blank) == [[name]]
        migrate(blank.owner_url, "-1")
        assert dump(blank) == before, f"{name} down leaves something behind"
        migrate(blank.owner_url, "+1")
        assert dump(blank) == after, f"{name} is not the same the second time"
        before = after


def test_a_revision_is_reached_by_name_from_above_and_from_below(blank):
    for target in (REVISIONS[1], REVISIONS[0], "head", REVISIONS[0], REVISIONS[0], REVISIONS[-1]):
        migrate(blank.owner_url, target)
        assert revision(blank) == [[REVISIONS[-1] if target == "head" else target]]


def test_a_failed_step_leaves_the_one_before(blank):
    migrate(blank.owner_url, REVISIONS[0])
    before = dump(blank)
    # The name is taken, so the second step cannot make its table.
    run(blank.owner_url, "create table ai_runs (id uuid)")
    with pytest.raises(Exception, match="ai_runs"):
        migrate(blank.owner_url)
    run(blank.owner_url, "drop table ai_runs")
    assert dump(blank) == before
    assert revision(blank) == [[REVISIONS[0]]]


def test_the_command_needs_to_know_which_database(blank, capsys):
    assert command.run(Namespace(database_url=None, revision="head")) == 2
    assert "OWNER_DATABASE_URL" in capsys.readouterr().out
    assert command.run(Namespace(database_url=blank.owner_url, revision="head")) == 0
    assert revision(blank) == [[REVISIONS[-1]]]
