"""What each kind of event that is no message changes."""

from collections.abc import Callable
from typing import Any

from shared.crm.inbound.groups import take_group
from shared.crm.inbound.labels import take_archive, take_chat_label, take_label
from shared.crm.inbound.progress import take_following, take_state
from shared.crm.inbound.scene import Scene
from shared.crm.inbound.signs import take_call, take_introduction, take_presence
from shared.kernel.inbound import (
    Call,
    ChatArchived,
    ChatLabel,
    ConnectionState,
    Content,
    Edit,
    GroupChange,
    Introduction,
    Label,
    Presence,
    Reaction,
    Receipt,
    Revocation,
)

_TAKE: dict[type, Callable[[Scene, Any], None]] = {
    Receipt: take_following,
    Edit: take_following,
    Revocation: take_following,
    Reaction: take_following,
    GroupChange: take_group,
    ChatArchived: take_archive,
    ChatLabel: take_chat_label,
    Label: take_label,
    Call: take_call,
    Presence: take_presence,
    Introduction: take_introduction,
    ConnectionState: take_state,
}


def take_other(scene: Scene, told: Content) -> None:
    """Decide what changes, given all that is known."""
    _TAKE[type(told)](scene, told)
