"""The place of messages within one second, which is all that providers tell of when they were written."""

from collections.abc import Mapping, Sequence
from secrets import randbits
from uuid import UUID

from shared.kernel.inbound import InboundMessage

_ROOM = 32  # bits of the distance between two ids, so that others find a place between them


def placed_before(
    told: Sequence[InboundMessage], known: Mapping[str, UUID], beyond: UUID | None = None
) -> dict[str, UUID]:
    """Ids for those messages that stand before a known one of their second, so that they sort before it.

    `told` come oldest first; `beyond` is the first of the last one's second that is known and told of later.
    """
    placed: dict[str, UUID] = {}
    behind, second = beyond, told[-1].sent_at if told else None
    for each in reversed(told):
        if each.sent_at != second:
            behind, second = None, each.sent_at
        own = known.get(each.external_id)
        if own:
            behind = min(own, behind or own)
        elif behind:
            behind = placed[each.external_id] = UUID(int=behind.int - 1 - randbits(_ROOM))
    return placed
