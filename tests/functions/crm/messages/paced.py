"""A shop whose number has a pace, and people who have never written to it."""

import json
from typing import Any

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
    return str(made.json["id"])


def address(shop: Shop, text: str, number: int) -> str:
    """Write to such a person first; the message's id."""
    body = {"contact_id": stranger(shop, number), "channel_id": str(shop.channel.id), "text": text}
    answer = shop.api.post(PATH, body, as_=shop.tenant.agent)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def resume(shop: Shop, message_id: Any) -> int:
    return give(shop.tenant.tenant_id, ResumeMessage(message_id=message_id))


def status(shop: Shop, message_id: Any) -> str:
    return str(shop.message(id=str(message_id))["status"])


def goes_at(shop: Shop, message_id: Any) -> str:
    return str(shop.message(id=str(message_id))["not_before"])


def brakes(shop: Shop) -> list[str]:
    return [each["data"]["bucket"] for each in shop.world.events("channel.send_throttled")]
