"""A shop whose number has a pace, and people who have never written to it."""

import json
from datetime import datetime
from typing import Any

from infra.fakes.waha_state import Session
from shared.crm.channels.tasks import CheckChannel
from shared.crm.messages.tasks import ResumeMessage
from tests.support.calls import give
from tests.support.shop import Shop

PATH = "/api/v1/crm/messages"


def pace(shop: Shop, **pace: Any) -> None:
    said = json.dumps(pace) if pace else None
    shop.world.run("update channels set pace = cast(:pace as jsonb)", pace=said)


def stranger(shop: Shop, number: int) -> str:
    """Somebody who has never written; the contact's id."""
    made = shop.api.post("/api/v1/crm/contacts", {"phone": f"+55119555500{number:02}"}, as_=shop.tenant.agent)
    return str(made.get_json()["id"])


def address(shop: Shop, text: str, number: int) -> str:
    """Write to such a person first; the message's id."""
    body = {"contact_id": stranger(shop, number), "channel_id": str(shop.channel.id), "text": text}
    answer = shop.api.post(PATH, body, as_=shop.tenant.agent)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def resume(shop: Shop, message_id: Any) -> int:
    return give(shop.tenant.tenant_id, ResumeMessage(message_id=message_id))


def status(shop: Shop, message_id: Any) -> str:
    return str(shop.message(id=str(message_id))["status"])


def goes_at(shop: Shop, message_id: Any) -> str:
    return str(shop.message(id=str(message_id))["not_before"])


def brakes(shop: Shop) -> list[str]:
    return [each["data"]["bucket"] for each in shop.world.events("channel.send_throttled")]


def check(shop: Shop) -> None:
    """Have the provider asked how the channel is."""
    assert give(shop.tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) == 204


def forbid(session: Session, until: datetime | None = None) -> None:
    """From now on the provider says that WhatsApp lets the number begin no chats."""
    ends = {"timeEnforcementEnds": until.isoformat()} if until else {}
    session.restrictions = {"reachoutTimelock": {"isActive": True, **ends}}


def told(shop: Shop) -> list[bool]:
    """What was told of whether the number may begin chats."""
    return [each["data"]["may_open_chats"] for each in shop.world.events("channel.restriction_changed")]
