"""A relay that notes what it publishes in a file, and kills itself now and then before it marks that as published.

`python -m tests.campaigns.carrier DATABASE_URL FILE SEED [FAULT]`; a line of the file is "event-id key number seconds".
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from unittest.mock import patch

from shared.cloud.pubsub import Message
from shared.runtime import leases
from shared.runtime.lane import Lane
from shared.runtime.postgres import Connections, sql
from shared.runtime.relay import Relay, events_outlet

KILLED_ONCE_IN = 60
_ABOVE = "select seq, id, ordering_key, envelope from outbox_events where seq > :last order by seq limit 100"


class Notebook:
    """Stands for Pub/Sub: what is written down has been published."""

    def __init__(self, file: Path, chance: random.Random) -> None:
        self._file = file.open("a", buffering=1)
        self._chance = chance

    def publish(self, topic: str, messages: list[Message], *, seconds: float) -> None:
        del topic, seconds
        for message in messages:
            self.note(message.attributes["event_id"], message.ordering_key, json.loads(message.data)["number"])
        if self._chance.randrange(KILLED_ONCE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self, event_id: str, key: str, number: int) -> None:
        self._file.write(f"{event_id} {key} {number} {time.time()}\n")


def carry(url: str, notebook: Notebook) -> None:
    Relay(url, events_outlet(notebook)).run(Event())


def above_the_highest(url: str, notebook: Notebook) -> None:
    """The fault: what lies below a number that was seen is taken for published."""
    last = "0"
    with closing(Connections(url)) as database:
        while True:
            for seq, event_id, key, envelope in database.run(sql(_ABOVE, last=last))[0]:
                notebook.note(event_id or "", key or "", json.loads(envelope or "{}")["number"])
                last = seq or last
            time.sleep(0.025)


def marked_first(url: str, notebook: Notebook) -> None:
    """The fault: an event is marked as published before it is."""
    start = Lane._start

    def mark_and_start(lane: Lane, *pool: object) -> None:
        for parcel in lane._queue:
            for row in parcel.rows:
                mark = "update outbox_events set published_at = now() where tenant_id = :tenant_id and id = :id"
                lane._database.run(sql(mark, tenant_id=row.tenant_id, id=row.id))
        start(lane, *pool)  # type: ignore[arg-type] # passed on as it came

    def publish(topic: str, messages: list[Message], *, seconds: float) -> None:
        if notebook._chance.randrange(KILLED_ONCE_IN) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        Notebook.publish(notebook, topic, messages, seconds=seconds)

    with patch.object(Lane, "_start", mark_and_start), patch.object(notebook, "publish", publish):
        carry(url, notebook)


PLANTED: dict[str, Callable[[str, Notebook], None]] = {
    fault.__name__: fault for fault in (above_the_highest, marked_first)
}


def main() -> None:
    url, file, seed, *fault = sys.argv[1:]
    # A killed relay's shards must be free again within the time that a campaign has.
    leases.SECONDS, leases.MARGIN, leases.RENEWED_EVERY, leases.LOOKED_EVERY = 1.0, 0.3, 0.2, 0.05
    notebook = Notebook(Path(file), random.Random(int(seed)))
    (PLANTED[fault[0]] if fault else carry)(url, notebook)


if __name__ == "__main__":
    main()
