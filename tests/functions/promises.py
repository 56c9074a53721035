"""What must hold of a shop's chats at any moment, and what must hold once everything is done."""

from collections import Counter
from typing import Any
from uuid import UUID

from tests.support.shop import Shop
from tests.support.world import World

RANKS = {"queued": 0, "sending": 0, "unknown": 1, "failed": 1, "sent": 2, "delivered": 3, "read": 4, "played": 5}
OUTCOMES = {"replied", "superseded", "taken_over", "no_agent", "failed"}
_PENDING = "select chat_id from message_groups where status = 'pending' group by 1 having count(*) > 1"
_OPEN = "select chat_id from sessions where status = 'open' group by 1 having count(*) > 1"
_UNGROUPED = """
select m.text from messages m join chats c on c.id = m.chat_id
left join message_groups g on g.id = m.message_group_id and g.chat_id = m.chat_id
where m.direction = 'inbound' and c.kind in ('individual', 'group') and g.id is null
"""
_ASTRAY = """
select g.id from message_groups g join chats c on c.id = g.chat_id join sessions s on s.id = g.session_id
where c.status = 'merged' or s.status = 'merged' or s.chat_id <> g.chat_id
"""
_REPLIES = "select answers_group_id from messages where answers_group_id is not null group by 1 having count(*) > 1"
_TAKEN = """
select m.text from messages m join sessions s on s.chat_id = m.chat_id and s.status = 'open' and s.held_by = 'human'
left join ai_runs r on r.reply_message_id = m.id
where m.id = :id and m.sender_kind = 'bot' and not coalesce(r.hands_over, false)
"""
_UNFINISHED = "select status, outcome from message_groups where outcome is null"
_UNSENT = "select status, text from messages where status in ('queued', 'sending')"
_RUNNING = "select 1 from ai_runs r join message_groups g on g.id = r.message_group_id where r.status = 'running'"
# What there is to act upon.
_SEEN = """
select exists (select from sessions) as sessions,
    exists (select from message_groups where status = 'pending') as pending,
    exists (select from outbox_tasks where coalesce(run_at, now()) <= now()) as tasks,
    exists (select from outbox_events where type = 'message_group.completed') as completed,
    exists (select from outbox_events where type = 'message.queued') as queued
"""
_DROPPED = """
select g.id, g.text from message_groups g where g.outcome = 'superseded' and g.text is not null
  and superseded_by_id is null
"""


class Promises:
    """Remembers how far everything had come, to see that nothing goes back."""

    def __init__(self, world: World, shop: Shop) -> None:
        self.world = world
        self.shop = shop
        self.statuses: dict[str, str] = {}
        self.outcomes: dict[str, str] = {}
        self.seen: dict[str, bool] = dict.fromkeys(("sessions", "pending", "tasks", "completed", "queued"), False)

    def rows(self, table: str, where: str) -> list[dict[str, Any]]:
        return self.world.rows(f"select * from {table} where {where} order by created_at, id")

    def look(self) -> None:
        """See how far everything has come by now."""
        self._forward()

    def claimed(self, message_id: UUID) -> None:
        """No bot speaks where a person does."""
        assert self.world.rows(_TAKEN, id=message_id) == [], "a bot's reply was claimed while a person held the session"

    def check(self) -> None:
        for broken in (_PENDING, _OPEN, _UNGROUPED, _ASTRAY, _REPLIES):
            assert self.world.rows(broken) == [], broken
        texts = Counter(each.text for each in self.shop.waha.sent)
        assert texts.total() == len(texts), "something was sent twice"
        self._forward()
        (self.seen,) = self.world.rows(_SEEN)

    def check_at_rest(self) -> None:
        for unfinished in (_UNFINISHED, _UNSENT, _RUNNING, _DROPPED):
            assert self.world.rows(unfinished) == [], unfinished
        assert set(self.outcomes.values()) <= OUTCOMES

    def _forward(self) -> None:
        for row in self.world.rows("select id, status, failure_code from messages where direction = 'outbound'"):
            before = self.statuses.get(row["id"], row["status"])
            assert self._may_become(before, row["status"]), f"a message went from {before} to {row['status']}"
            self.statuses[row["id"]] = row["status"]
        for row in self.world.rows("select id, outcome from message_groups where outcome is not null"):
            before = self.outcomes.get(row["id"], row["outcome"])
            assert before in {row["outcome"], "replied"}, f"a group went from {before} to {row['outcome']}"
            self.outcomes[row["id"]] = row["outcome"]

    def _may_become(self, before: str, after: str) -> bool:
        if "cancelled" in {before, after}:
            return before in {"queued", "sending", "cancelled"} and after == "cancelled"
        if after == "failed":
            return before in {"queued", "sending", "unknown", "sent", "failed"}
        return RANKS[after] >= RANKS[before]
