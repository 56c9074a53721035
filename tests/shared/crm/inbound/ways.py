"""Deliveries kept one by one or several together, and all that came of them, told without the ids of the rows."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

from shared.crm.inbound.gate import Gate, find_gate
from shared.crm.inbound.receive import _kept_together, _Reception, receive
from shared.providers.waha.envelope import read_delivery
from shared.runtime.telemetry import traced
from tests.campaigns.state import state_of
from tests.support.waha import WahaChannel
from tests.support.world import World

Event = dict[str, Any]
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OF_NO_RUN = ("event_id", "occurred_at", "causation_id", "task_id", "expires_at")
_NAMES = """
select id, 'contact ' || (
    select coalesce(string_agg(value, ' ' order by kind, value), 'nobody') from contact_identities i
    where i.contact_id = c.id) as name from contacts c
union all select id, 'chat ' || coalesce((
    select string_agg(address, ' ' order by address) from chat_addresses a where a.chat_id = c.id), 'nowhere')
    from chats c
union all select id, 'message ' || coalesce(external_id, text) from messages
union all select id, 'channel' from channels
union all select id, concat_ws(' ', 'session', chat_id, started_at, last_message_at) from sessions
union all select id, concat_ws(' ', 'burst', chat_id, row_number() over (partition by chat_id order by opened_at))
    from message_groups
"""
_ROWS = {
    "contacts": "id, version, name",
    "chats": "id, version, last_message_at, stamps",
    "sessions": "id, version, status, held_by, held_since",
    "message_groups": """
        id, version, session_id, contact_id, status, outcome, outcome_reason, superseded_by_id, generation,
        deadline_at between opened_at + interval '15 seconds' and latest_deadline_at as in_time""",
    "messages": "id, version, session_id, message_group_id, quoted_message_id, status, answers_group_id",
    "chat_participants": "chat_id, contact_id, role, seen_stamp, left_stamp",
    "lid_lookups": "contact_id, lid",
    "inbound_deliveries": "delivery_key, status, problem, message_id, contact_id, times_received",
}
_EVENTS = """
select ordering_key, envelope ->> 'aggregate_id' as aggregate_id, envelope, envelope - 'aggregate_version' as loosely
from outbox_events where tenant_id = :tenant_id order by seq
"""
_TASKS = "select task, body from outbox_tasks where tenant_id = :tenant_id"


class Way:
    """A channel to which deliveries come; the nth of all is brought by the request of that number."""

    def __init__(self, world: World, channel: WahaChannel) -> None:
        self.world = world
        self.channel = channel
        self.requests = 0

    @property
    def gate(self) -> Gate:
        return find_gate(self.channel.path.rsplit("/", 1)[1])

    def one_by_one(self, events: Iterable[Event]) -> None:
        for event in events:
            with self._brought(event) as body:
                receive(self.gate, body, read_delivery(body))

    def together(self, *events: Event) -> list[bool]:
        """Keep them in one transaction, and those that are left out after it; tells which were kept in it."""
        first, receptions = self.requests, []
        for event in events:
            with self._brought(event) as body:
                receptions.append(_Reception(self.gate, body, read_delivery(body)))
        kept = _kept_together(receptions)
        for number, (reception, is_kept) in enumerate(zip(receptions, kept, strict=True), first + 1):
            if not is_kept:
                with traced(correlation_id=f"request {number}"):
                    receive(reception.gate, reception.body, read_delivery(reception.body))
        return kept

    @contextmanager
    def _brought(self, event: Event) -> Iterator[bytes]:
        self.requests += 1
        with traced(correlation_id=f"request {self.requests}"):
            yield json.dumps(event).encode()

    def state(self) -> dict[str, Any]:
        """What the tenant's conversations are by now, in whatever order they came to be so."""
        return state_of(self.world, self.channel.tenant)

    def story(self, *, is_one: bool = True) -> dict[str, Any]:
        """Each row with its version, the tasks, and the events in the order of their keys.

        What follows upon a message does not wait for others of its chat: then there is no one story, but one of
        each aggregate, and the version at which something happened depends on when the others came.
        """
        tenant_id = self.channel.tenant.tenant_id
        rows = {
            table: self.world.rows(f"select {columns} from {table} where tenant_id = :tenant_id", tenant_id=tenant_id)
            for table, columns in _ROWS.items()
        }
        events = self.world.rows(_EVENTS, tenant_id=tenant_id)
        told = {**rows, "tasks": self.world.rows(_TASKS, tenant_id=tenant_id)}
        by = itemgetter("ordering_key" if is_one else "aggregate_id")
        names = {row["id"]: row["name"] for row in self.world.rows(_NAMES)}
        return {
            **{table: sorted(_named(row, names) for row in found) for table, found in told.items()},
            **{
                _named(key, names): [_named(event["envelope" if is_one else "loosely"], names) for event in of_key]
                for key, of_key in groupby(sorted(events, key=by), by)
            },
        }


def _named(told: Any, names: dict[str, str]) -> str:
    text = json.dumps(_timeless(told), sort_keys=True, ensure_ascii=False)
    for _ in range(2):  # the name of a session names its chat
        text = _ID.sub(lambda found: names.get(found[0], "an id"), text)
    return text


def _timeless(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    return {name: _timeless(value) for name, value in told.items() if name not in _OF_NO_RUN}
