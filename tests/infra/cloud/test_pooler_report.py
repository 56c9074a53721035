"""What a pooler reports of itself, by the script that it runs once a minute."""

import json
import os
import shutil
import subprocess

import pytest

from infra.local import place
from shared.runtime.postgres import BEGIN, Connections, pipeline, sql
from tests.support import pooler
from tests.support.pooler import SOCKETS, Sizes, filled, pooled, written

pytestmark = pytest.mark.skipif(
    bool(pooler.why_not()) or not shutil.which("awk"), reason=pooler.why_not() or "awk is not installed"
)

# Google's two interfaces in one program: what it is asked, and the body that it is sent.
CURL = """#!/bin/sh
for last; do :; done
case "$last" in
  */token) echo '{"access_token":"secret","expires_in":3599}' ;;
  */zone) echo projects/1/zones/southamerica-east1-a ;;
  */id) echo 42 ;;
esac
case "$*" in *entries:write*) cat > %s ;; esac
"""


@pytest.fixture
def report(worker_database):
    """Runs the script beside a pooler, as the account of it, and gives what Cloud Logging was sent."""
    who = place.account()
    with pooled(worker_database, Sizes(app_connections=1)) as running:
        # Beside the pooler's own files, where its account may go.
        script, curl, sent = (running.folder / name for name in ("report-pools", "curl", "sent"))
        values = {"port": running.port, "project": "the-project"}
        script.write_text(filled(written("REPORT"), values).replace(SOCKETS, str(running.folder)))
        curl.write_text(CURL % sent)
        programs = f"{running.folder}:{place.programs(18, who)}:{os.environ['PATH']}"
        for file in (script, curl):
            file.chmod(0o755)

        def run():
            done = subprocess.run(
                ("/bin/bash", str(script)),
                env={"PATH": programs},
                cwd=running.folder,
                capture_output=True,
                text=True,
                check=False,
                **who.options(),
            )
            assert done.returncode == 0, done.stderr
            return json.loads(sent.read_text())

        yield running, run


def test_it_says_who_is_connected_and_who_waits(report):
    running, run = report
    holding, waiting = Connections(running.app_url), Connections(running.app_url)
    with holding.take() as holds, waiting.take() as waits:
        pipeline(holds, BEGIN, sql("select 1"))
        waits._usock.sendall(b"Q\0\0\0\x0dselect 1\0")
        told = run()
        pipeline(holds, sql("rollback"))
    assert told["logName"] == "projects/the-project/logs/pooler"
    assert told["resource"]["labels"] == {"instance_id": "42", "zone": "southamerica-east1-a"}
    entry = told["entries"][0]["jsonPayload"]
    assert entry["message"] == "pools"
    assert (entry["clients"], entry["waiting"], entry["servers"]) == (2, 1, 1)
    holding.close()
    waiting.close()
