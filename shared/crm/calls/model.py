"""A call to one of our numbers, and what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import UUID

from shared.crm.calls.events import ChannelCallAccepted, ChannelCallReceived, ChannelCallRejected
from shared.kernel.aggregate import Aggregate
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.ids import uuid7
from shared.kernel.inbound import Call as Told
from shared.kernel.inbound import CallStage


@dataclass(eq=False, kw_only=True)
class Call(Aggregate):
    """Its stages may come in any order; one that was ever taken is `accepted`, whatever is said of its end.

    `caller_*` are what a caller is known by whom nobody here knows.
    """

    aggregate_type: ClassVar[str] = "call"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    channel_id: UUID
    external_id: str
    contact_id: UUID | None
    caller_kind: str | None = None
    caller_value: str | None = None
    is_video: bool
    is_group: bool
    status: CallStage
    received_at: datetime | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None

    @classmethod
    def heard_of(
        cls, told: Told, *, tenant_id: UUID, project_id: UUID, channel_id: UUID, contact_id: UUID | None
    ) -> Self:
        return cls(
            id=uuid7(),
            tenant_id=tenant_id,
            project_id=project_id,
            channel_id=channel_id,
            external_id=told.external_id,
            contact_id=contact_id,
            is_video=told.is_video,
            is_group=told.is_group,
            status=told.stage,
        )

    def reaches(self, stage: CallStage, at: datetime) -> None:
        """Take what is said of it; what was said before is only told of anew when it was earlier."""
        name = f"{stage}_at"
        known: datetime | None = getattr(self, name)
        setattr(self, name, min(at, known or at))
        self.status = next(each for each in _STRONGEST if getattr(self, f"{each}_at"))
        if known is None:
            self.record(_EVENTS[stage](**self._names()))

    def is_of(self, told: Told, contact_id: UUID | None) -> None:
        """Learn more of it from whatever is said later."""
        self.is_video, self.is_group = self.is_video or told.is_video, self.is_group or told.is_group
        self.contact_id = self.contact_id or contact_id
        if self.contact_id:
            self.caller_kind, self.caller_value = None, None
        elif told.person:
            self._is_by(told.person.identities)

    def _is_by(self, identities: Iterable[Identity]) -> None:
        """Know the caller by the best of what they were known by so far."""
        known = [(self.caller_kind, self.caller_value)] if self.caller_kind and self.caller_value else []
        told = [*known, *((each.kind.value, each.value) for each in identities)]
        self.caller_kind, self.caller_value = min(told, key=lambda name: (_KINDS.index(name[0]), name[1]))

    def _names(self) -> dict[str, Any]:
        return {
            "channel_id": self.channel_id,
            "call_id": self.id,
            "contact_id": self.contact_id,
            "is_video": self.is_video,
        }


_KINDS = [kind.value for kind in IdentityKind]
_STRONGEST = (CallStage.ACCEPTED, CallStage.REJECTED, CallStage.RECEIVED)
_EVENTS = {
    CallStage.RECEIVED: ChannelCallReceived,
    CallStage.ACCEPTED: ChannelCallAccepted,
    CallStage.REJECTED: ChannelCallRejected,
}
