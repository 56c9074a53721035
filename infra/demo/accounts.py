"""What came of it all, as the database and the fake WAHA tell."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.demo.stage import Bakery, Waha
from infra.local.cloud import LocalCloud
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import Connections, sql

Row = dict[str, Any]

_UNDER_WAY = """
select json_build_object(
    'events waiting for the relay', (select count(*) from outbox_events where published_at is null),
    'tasks waiting for the relay', (select count(*) from outbox_tasks where published_at is null),
    'bursts without an outcome', (select count(*) from message_groups where outcome is null),
    'files on their way', (select count(*) from media_files where status in ('pending', 'downloading')),
    'replies on their way', (select count(*) from messages where status in ('queued', 'sending')))
"""
_ANSWERING = """
select count(*) from message_groups
where (status in ('processing', 'completed') and outcome is null)
   or exists (select from messages where status in ('queued', 'sending'))
   or exists (select from media_files where status = 'downloading')
"""
_DELIVERIES = "select channel_id, delivery_key, event, status, problem, times_received from inbound_deliveries"
_GROUPS = "select id, chat_id, status, outcome, outcome_reason from message_groups"
_MESSAGES = """
select m.id, m.channel_id, m.chat_id, m.direction, m.sender_kind, m.external_id, m.type, m.text, m.status,
    m.answers_group_id, m.quoted_message_id, extract(epoch from m.sent_at) as at, m.read_at,
    m.media ->> 'duration_seconds' as seconds, m.media ->> 'file_name' as file_name, coalesce(c.name, '') as author,
    case when m.media is not null then coalesce(f.status, 'not collected') end as file, f.size_bytes as bytes
from messages m left join contacts c on c.tenant_id = m.tenant_id and c.id = m.sender_contact_id
left join media_files f on f.tenant_id = m.tenant_id and f.id = m.media_file_id
order by m.sent_at, m.id
"""
_RELAY = """
select extract(epoch from published_at - created_at) * 1000 as ms from outbox_events where published_at is not null
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """The rows of one bakery; `relay_ms` are milliseconds from commit to publish acknowledged."""

    bakery: Bakery
    deliveries: list[Row]
    groups: list[Row]
    messages: list[Row]
    relay_ms: list[float]

    def channel(self, name: str) -> str:
        return str(self.bakery.lines[name].channel_id)


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What the fake WAHA knows: what it delivered, what it was sent, and what it refused."""

    deliveries: list[Row]
    sent: list[Row]
    refused: list[Row]

    @classmethod
    def of(cls, waha: Waha, bakeries: Iterable[Bakery], began: float) -> "Outside":
        """The part that belongs to these bakeries, and what was refused to anybody since the Unix second `began`."""
        sessions = {line.session for bakery in bakeries for line in bakery.lines.values()}
        return cls(
            deliveries=[each for each in waha.look("deliveries") if each["session"] in sessions],
            sent=[each for each in waha.look("sent") if each["session"] in sessions],
            refused=[each for each in waha.look("refused") if each["at"] >= began],
        )


class Books:
    """Reads the database as the application does: one tenant at a time."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._database = Connections(cloud.database_url("ventros_app"))

    def close(self) -> None:
        self._database.close()

    def under_way(self, bakeries: Iterable[Bakery]) -> dict[str, int]:
        """What is not finished yet, and how much of it; empty when all is quiet."""
        counts: dict[str, int] = {}
        for bakery in bakeries:
            for name, count in self._read(bakery, _UNDER_WAY)[0].items():
                counts[name] = counts.get(name, 0) + count
        return {name: count for name, count in counts.items() if count}

    def answering(self, bakeries: Iterable[Bakery]) -> bool:
        """Whether a bot is thinking, a reply is being sent or a file is being fetched just now."""
        return any(self._read(bakery, _ANSWERING)[0] for bakery in bakeries)

    def account(self, bakery: Bakery) -> Account:
        return Account(
            bakery=bakery,
            deliveries=self.rows(bakery, _DELIVERIES),
            groups=self.rows(bakery, _GROUPS),
            messages=self.rows(bakery, _MESSAGES),
            relay_ms=[row["ms"] for row in self.rows(bakery, _RELAY)],
        )

    def ids(self, bakery: Bakery, table: str) -> list[str]:
        """Some ids of the bakery's in one of our own tables; none when there is no such table."""
        if not self.rows(bakery, f"select tablename from pg_tables where tablename = '{table}'"):  # noqa: S608 - our own names
            return []
        return [row["id"] for row in self.rows(bakery, f"select id from {table} limit 20")]  # noqa: S608 - our own names

    def rows(self, bakery: Bakery, query: str) -> list[Row]:
        """What a query of our own says of one bakery."""
        return self._read(bakery, f"select row_to_json(r) from ({query}) r")  # noqa: S608 - our own queries

    def _read(self, bakery: Bakery, query: str) -> list[Row]:
        found = self._database.run(tenant_scope(bakery.tenant_id), sql(query))[1]
        return [json.loads(row[0] or "null") for row in found]
