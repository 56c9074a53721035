import json
import time
from contextlib import closing
from typing import Any

from shared.cloud.pulling import Subscription
from shared.cloud.traces import export
from shared.runtime.schedule import AllTenants, schedule
from shared.runtime.settings import settings
from shared.runtime.spans import SPANS, otlp
from shared.runtime.telemetry import say
from shared.runtime.uses import Use

SECONDS = 40.0  # what is left then goes a minute later


@schedule("* * * * *", uses=(Use.TRACES,))
def export_spans(_: AllTenants) -> None:
    """Hand the spans that functions have written to the log over to the collector of traces."""
    known = settings()
    found = taken = 0
    with closing(Subscription(known.google_project, SPANS, emulator=known.pubsub_emulator_host)) as waiting:
        for lines in waiting.batches(until=time.monotonic() + SECONDS):
            spans = [span for line in lines if (span := span_in(line))]
            found += len(spans)
            taken += export(known.traces_url, known.google_project, spans) if spans else 0
    say("exported", level=30 if taken < found else 20, spans=taken, refused=found - taken)


def span_in(line: bytes) -> dict[str, Any] | None:
    """The span in a log entry as the log router publishes it; what holds none is passed over, or it came for ever."""
    try:
        return otlp(json.loads(line)["jsonPayload"])
    except (ValueError, LookupError, TypeError):
        return None
