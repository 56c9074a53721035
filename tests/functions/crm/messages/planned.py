"""A message that is planned for later."""

from datetime import timedelta
from typing import Any

from tests.support.shop import Shop

PATH = "/api/v1/crm/messages"


def planned(shop: Shop, text: str = "Bom dia!", hours: float = 3) -> str:
    """Have Ana written to in some hours; the id of the plan."""
    send_at = (shop.world.now() + timedelta(hours=hours)).isoformat()
    message = {"type": "text", "text": text, "chat_id": str(shop.world.value("select id from chats"))}
    answer = shop.api.post(f"{PATH}/schedule", {"send_at": send_at, "message": message}, as_=shop.tenant.agent)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.get_json()
    return str(told["id"])


def cancel(shop: Shop, plan_id: str) -> Any:
    return shop.api.post(f"{PATH}/scheduled/{plan_id}/cancel", as_=shop.tenant.agent)


def change(shop: Shop, plan_id: str, **changes: Any) -> Any:
    return shop.api.patch(f"{PATH}/scheduled/{plan_id}", changes, as_=shop.tenant.agent)
