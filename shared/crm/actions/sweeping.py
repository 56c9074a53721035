"""Which actions were left undone, by a task that was lost."""

from shared.runtime.postgres import Sql, sql

# Whoever is at one ends it within ten minutes of its being asked for.
_LEFT = """
select tenant_id, id from {table}
where status in ('queued', 'sending')
  and requested_at < clock_timestamp() - interval '15 minutes'
  and (claimed_at is null or claimed_at < clock_timestamp() - interval '90 seconds')
order by requested_at limit 500
"""


def left_undone(table: str) -> Sql:
    """The tenant and the id of each; `table` is a word of our own."""
    return sql(_LEFT.format(table=table))
