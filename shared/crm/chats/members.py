"""Who is in a group: seen there after they last left, and not before the last full list of its members."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.kernel.inbound import GroupRole, Membership
from shared.runtime.parsing import as_json
from shared.runtime.postgres import Sql

# What SQL says of a participant `p` of a chat `c`.
IS_IN = "p.seen_stamp > p.left_stamp and p.seen_stamp >= coalesce(c.stamps ->> 'members', '')"
LATEST_MEMBER = """
on conflict (tenant_id, chat_id, contact_id) do update set
    seen_stamp = greatest(known.seen_stamp, excluded.seen_stamp),
    left_stamp = greatest(known.left_stamp, excluded.left_stamp),
    role = case when known.role_stamp < excluded.role_stamp then excluded.role else known.role end,
    role_stamp = greatest(known.role_stamp, excluded.role_stamp)
"""
_KEEP = f"""
insert into chat_participants as known (
    tenant_id, project_id, chat_id, contact_id, role, role_stamp, seen_stamp, left_stamp)
select :tenant_id, :project_id, :chat_id, contact_id, role, role_stamp, seen_stamp, left_stamp
from jsonb_populate_recordset(null::chat_participants, cast(:rows as jsonb)) order by contact_id {LATEST_MEMBER}
"""  # noqa: S608 - our own words


@dataclass(kw_only=True)
class Participant:
    """One person's place in one group: each stamp is the latest of its kind."""

    contact_id: UUID
    role: GroupRole = GroupRole.PARTICIPANT
    role_stamp: str = ""
    seen_stamp: str = ""
    left_stamp: str = ""

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Participant":
        """From the JSON of its row."""
        return cls(
            contact_id=UUID(row["contact_id"]),
            role=GroupRole(row["role"]),
            **{name: row[name] for name in ("role_stamp", "seen_stamp", "left_stamp")},
        )

    def is_in(self, listed: str) -> bool:
        return self.seen_stamp > self.left_stamp and self.seen_stamp >= listed

    def does(self, doing: Membership, role: GroupRole | None, stamp: str) -> None:
        """Take what they do; whatever they do but leave, they are there."""
        if doing is Membership.LEFT:
            self.left_stamp = max(self.left_stamp, stamp)
            return
        self.seen_stamp = max(self.seen_stamp, stamp)
        if stamp > self.role_stamp:
            self.role, self.role_stamp = role or _ROLES.get(doing, GroupRole.PARTICIPANT), stamp

    def spoke(self, stamp: str) -> None:
        self.seen_stamp = max(self.seen_stamp, stamp)


_ROLES = {Membership.PROMOTED: GroupRole.ADMIN}


class Members:
    """The participants of one group that are known of, as a delivery changes them."""

    def __init__(self, chat: Chat, rows: Iterable[Mapping[str, Any]]) -> None:
        self.chat = chat
        self.known = {each.contact_id: each for each in map(Participant.read, rows)}
        self._changed: dict[UUID, Participant] = {}
        self._before = {each.contact_id: self._place(each) for each in self.known.values()}

    def does(self, contact_id: UUID, doing: Membership, role: GroupRole | None, stamp: str) -> None:
        self._of(contact_id).does(doing, role, stamp)

    def spoke(self, contact_id: UUID, stamp: str) -> None:
        self._of(contact_id).spoke(stamp)

    def settle(self) -> list[Sql]:
        """Tell of whoever came, went, rose or fell since the last time, and give what writes it down."""
        for contact_id, participant in self.known.items():
            before, self._before[contact_id] = self._before.get(contact_id), self._place(participant)
            self._tell(contact_id, before, self._before[contact_id])
        if not self._changed:
            return []
        chat, rows = self.chat, [asdict(each) for each in self._changed.values()]
        self._changed = {}
        names = {"tenant_id": chat.tenant_id, "project_id": chat.project_id, "chat_id": chat.id}
        return [Sql(_KEEP, {**names, "rows": as_json(rows)})]

    def _of(self, contact_id: UUID) -> Participant:
        participant = self.known.setdefault(contact_id, Participant(contact_id=contact_id))
        return self._changed.setdefault(contact_id, participant)

    def _place(self, participant: Participant) -> GroupRole | None:
        """Their role; None when they are not in the group."""
        return participant.role if participant.is_in(self.chat.stamps.get("members", "")) else None

    def _tell(self, contact_id: UUID, before: GroupRole | None, now: GroupRole | None) -> None:
        if (before is None) != (now is None):
            self.chat.takes_part(contact_id, is_in=now is not None)
        was_admin, is_admin = before not in _PLAIN, now not in _PLAIN
        if now is not None and was_admin != is_admin:
            self.chat.ranks(contact_id, is_admin=is_admin)


_PLAIN = {None, GroupRole.PARTICIPANT}
