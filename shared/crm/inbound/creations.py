"""Groups that were asked for, known again when the provider tells of them: before it answers, or instead."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.inbound.moves import OF_CHAT, move
from shared.crm.inbound.people import People
from shared.crm.inbound.scene import Scene
from shared.kernel.inbound import GroupChange

BEFORE, AFTER = timedelta(minutes=1), timedelta(minutes=10)  # of the claim, by the provider's clock
_MADE = """
update chat_actions set status = 'done', failure_code = null, failure_reason = null,
    version = version + 1, updated_at = now()
where tenant_id = :tenant_id and id = :id
"""


def settle_creation(scene: Scene, told: GroupChange) -> None:
    """Let a group that we are in from now on be the one that was asked for, if it is called so and made about then."""
    people, at = scene.people, scene.moment(told.at)
    asked = next((each for each in scene.seen["creating"] if _is_about_then(each, at)), None)
    if asked is None:
        return
    chat = people.ledger.load("chats", Chat, asked["chat"])
    people.ledger.last(_MADE, tenant_id=chat.tenant_id, id=UUID(asked["id"]))
    if people.chats:
        _unite(people, chat)  # Somebody was heard there first.
    else:
        chat.was_made()
        people.chats.append(chat)


def _is_about_then(asked: dict[str, Any], at: datetime) -> bool:
    claimed_at = datetime.fromisoformat(asked["claimed_at"])
    return claimed_at - BEFORE <= at <= claimed_at + AFTER


def _unite(people: People, chat: Chat) -> None:
    """Let whoever knows the chat that was asked for find the group where it is."""
    home = people.chats[0]
    home.absorb(chat)
    move(people.ledger, OF_CHAT, tenant_id=home.tenant_id, survivor=home.id, other=chat.id)
