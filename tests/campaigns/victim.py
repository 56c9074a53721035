"""A functions process that can be killed and is back at once: `python -m tests.campaigns.victim [FAULT]`.

Its first order, a line of JSON on its standard input, is a delivery to warm up with. For each line that follows it
forks a server and prints the server's port and process id.
"""

import json
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TextIO
from unittest.mock import patch

from werkzeug.serving import make_server
from werkzeug.test import Client

from functions.webhooks import receive_waha as function
from infra.local.loading import Application, Functions
from shared.crm.inbound import receive as reception
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, Connection, Sql, connections
from shared.runtime.postgres import commit as real_commit
from shared.runtime.postgres import pipeline as real_pipeline
from shared.runtime.settings import settings

HOST = "127.0.0.1"


def answer_before_commit() -> Any:
    """The provider hears 200 while the work is still to be done."""

    def later(*delivery: Any) -> None:
        threading.Thread(target=reception.receive, args=delivery, daemon=True).start()

    return patch.object(function, "receive", later)


def outbox_after_commit() -> Any:
    """Events and tasks leave in a transaction of their own."""

    def commit(connection: Connection, *statements: Sql, after: Iterable[Sql] = ()) -> list[Any]:
        outbox = [each for each in statements if "insert into outbox_" in each.text]
        found = real_commit(connection, *(each for each in statements if each not in outbox), after=after)
        if outbox:
            real_commit(connection, BEGIN, tenant_scope(outbox[0].values["tenant_id"]), *outbox)
        return found

    return patch.object(reception, "commit", commit)


def delivery_row_first() -> Any:
    """The delivery is noted, and committed, before what it says is kept."""
    run = reception._Reception.run

    def in_two_steps(self: Any) -> None:
        raw = reception._Reception(self.gate, self.body, self.delivery, again=self.again)
        with patch.object(raw, "_decide", lambda _: None):
            run(raw)
        if not _known(self):
            self.again = self.wanted.delivery_key
            run(self)

    return patch.object(reception._Reception, "run", in_two_steps)


def _known(taken: Any) -> bool:
    """Whether the delivery has come before."""
    with connections(settings().database_url).take() as connection:
        count = Sql(
            "select times_received from inbound_deliveries where delivery_key = :key and channel_id = :channel_id",
            {"key": taken.wanted.delivery_key, "channel_id": taken.gate.channel_id},
        )
        rows = real_pipeline(connection, tenant_scope(taken.gate.tenant_id), count)[1]
    return rows[0][0] != "1"


PLANTED: dict[str, Callable[[], Any]] = {
    fault.__name__: fault for fault in (answer_before_commit, outbox_after_commit, delivery_row_first)
}


def serve(application: Application, listening: socket.socket) -> None:
    make_server(HOST, listening.getsockname()[1], application, threaded=True, fd=listening.fileno()).serve_forever()


def warm_up(application: Application, order: dict[str, Any]) -> None:
    """Take one delivery, so that no server pays for what is slow the first time; no connection is left to inherit."""
    answer = Client(application).post(order["path"], data=order["body"].encode(), headers=order["headers"])
    assert answer.status_code == 200, answer.text
    connections(settings().database_url).close()


def wait_for_orders(application: Application, answers: TextIO) -> None:
    for _ in sys.stdin:
        listening = socket.create_server((HOST, 0))
        child = os.fork()
        if child == 0:
            serve(application, listening)
        print(json.dumps({"pid": child, "port": listening.getsockname()[1]}), file=answers, flush=True)
        listening.close()


def main() -> None:
    # Nobody waits for the dead.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What functions log must not stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    manifest = {"functions": [{"name": "receive_waha", "module": "functions.webhooks.receive_waha"}]}
    with tempfile.TemporaryDirectory() as folder:
        application = Functions(manifest, Path(folder)).get("receive_waha")
        warm_up(application, json.loads(sys.stdin.readline()))
        for name in sys.argv[1:]:
            PLANTED[name]().start()
        wait_for_orders(application, answers)


if __name__ == "__main__":
    main()
