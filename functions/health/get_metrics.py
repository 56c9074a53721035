"""Figures over all tenants, for whoever watches the installation."""

from typing import Annotated

from flask import Response

from shared.core.metrics.exposition import CONTENT_TYPE, exposition
from shared.core.metrics.figures import gauges
from shared.runtime.answers import answer
from shared.runtime.declarations import Limit
from shared.runtime.http import SERVICE, endpoint
from shared.runtime.uses import Use


@endpoint("GET", "/metrics", allow=SERVICE, limit=Limit.HEALTH, uses=(Use.OBSERVER,), concurrency=1)
def get_metrics() -> Annotated[Response, "text/plain"]:
    """Show what Prometheus scrapes: messages, deliveries, sessions, bursts, outbox, dead letters, reply time, AI cost.

    `python3 -m infra service-token NAME` makes the token that it is asked with.
    """
    return answer(200, exposition(gauges()), CONTENT_TYPE)
