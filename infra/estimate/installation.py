"""What an installation is made of, as Terraform makes it in `prod`; its variables are the knobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Cloud SQL's shapes: processors, each with so many GiB.
SHAPES = (1, 2, 4, 8, 16, 32, 48, 64, 96)
GIB_EACH = 3.75


MOST_INSTANCES = {"endpoint": 5, "webhook": 20, "consumer": 10, "task": 10, "schedule": 1, "preflight": 5}


@dataclass(frozen=True, kw_only=True)
class Installation:
    """`instances` are the most of one function, by its kind; the rest are sizes of what stands beside them."""

    instances: Mapping[str, int] = field(default_factory=lambda: MOST_INSTANCES)
    poolers: int = 2
    pooled_connections: int = 40  # of one pooler, to the database
    connectors: int = 2  # at least
    most_connectors: int = 4
    least_disk_gib: int = 50
    available_in_two: bool = True


# As Google documents them.
CONNECTOR_BITS = 100_000_000  # a second, of one e2-micro
TASKS_A_SECOND = 500  # of one queue
MOST_DISK_GIB = 64 * 1024
# As `infra bench` measured them on two cores; see infra/bench/README.md.
RELAY_MS = 0.33  # of one processor, for an event or a task
RELAY_DATABASE_MS = 0.1
CHANNEL_A_SECOND = 460  # deliveries of one channel
# How much larger tables are than their rows: old versions that wait to be swept up.
BLOAT = 1.5
# Days for which a table keeps its rows; the others keep them.
KEPT = {"outbox_events": 7, "outbox_tasks": 7, "inbox": 30, "inbound_deliveries": 30, "early_receipts": 7}
# One send: the request, its answer, and TLS around both. README of Terraform says the same.
SEND_BYTES = 1_500
# A call over TLS that answers, beside the answer itself.
ANSWER_BYTES = 500
