"""How the tasks of channels, and of what is done to messages at the provider, come to have something to do."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.crm.channels.tasks import CheckChannel, ConfigureChannel, StartChannel, StopChannel
from shared.crm.messages.tasks import TellRead
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.outbox import plain
from tests.support.calls import give
from tests.support.shop import SESSION, Shop

Bodies = list[dict[str, Any]]
MESSAGES = "/api/v1/crm/messages"


def _rows(shop: Shop, table: str, where: str = "true") -> list[dict[str, Any]]:
    return shop.world.rows(
        f"select * from {table} where tenant_id = :tenant_id and {where} order by created_at, id",
        tenant_id=shop.tenant.tenant_id,
    )


def _body(shop: Shop, task: Task) -> dict[str, Any]:
    return {"task_id": str(uuid7()), "tenant_id": str(shop.tenant.tenant_id), "data": plain(task)}


def _scheduled(shop: Shop, task: str) -> Bodies:
    return [row["body"] for row in _rows(shop, "outbox_tasks", f"task = '{task}'")]


def _ask(shop: Shop, path: str, told: dict[str, Any], method: str = "post") -> dict[str, Any]:
    answer = getattr(shop.api, method)(path, told, as_=shop.tenant.agent)
    assert answer.status_code < 300, answer.text
    return dict(answer.get_json()) if answer.data else {}


def to_look_after(shop: Shop) -> Bodies:
    shop.waha.state.sessions[SESSION].restrictions = {"reachoutTimelock": {"isActive": True}}
    return [_body(shop, CheckChannel(channel_id=shop.channel.id))]


def to_configure(shop: Shop) -> Bodies:
    return [_body(shop, ConfigureChannel(channel_id=shop.channel.id))]


def to_start(shop: Shop) -> Bodies:
    shop.waha.state.sessions[SESSION].status = "STOPPED"
    return [_body(shop, StartChannel(channel_id=shop.channel.id))]


def to_stop(shop: Shop) -> Bodies:
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    return [_body(shop, StopChannel(channel_id=shop.channel.id, logout=False))]


def to_retire(shop: Shop) -> Bodies:
    answer = shop.api.delete(f"/api/v1/crm/channels/{shop.channel.id}", as_=shop.tenant.admin)
    assert answer.status_code == 204, answer.text
    return _scheduled(shop, "retire_channel")


def let_go(shop: Shop) -> Bodies:
    """A message waits for its number to begin chats, and it may again."""
    session = shop.waha.state.sessions[SESSION]
    session.restrictions = {"reachoutTimelock": {"isActive": True}}
    give(shop.tenant.tenant_id, CheckChannel(channel_id=shop.channel.id))
    stranger = _ask(shop, "/api/v1/crm/contacts", {"phone": "+5511955550001"})["id"]
    _ask(shop, MESSAGES, {"contact_id": stranger, "channel_id": str(shop.channel.id), "text": "Olá!"})
    shop.world.drain()
    session.restrictions = {}
    shop.world.advance(3601)
    give(shop.tenant.tenant_id, CheckChannel(channel_id=shop.channel.id))
    told = _rows(shop, "outbox_events", "type = 'channel.restriction_changed'")
    return [row["envelope"] for row in told][-1:]


def _sent(shop: Shop) -> str:
    shop.hears("Oi")
    sent = str(shop.says("Bom dia"))
    shop.world.drain()
    return sent


def to_change(shop: Shop) -> Bodies:
    """A sent message is to say something else, and to be reacted to."""
    sent = _sent(shop)
    _ask(shop, f"{MESSAGES}/{sent}", {"text": "Boa tarde"}, "patch")
    _ask(shop, f"{MESSAGES}/{sent}/reactions", {"emoji": "👍"})
    return _scheduled(shop, "perform_message_action")


def to_change_chats(shop: Shop) -> Bodies:
    """A chat is to be put away, and to lose its labels."""
    shop.hears("Oi")
    (chat,) = _rows(shop, "chats")
    path = f"/api/v1/crm/chats/{chat['id']}"
    _ask(shop, f"{path}/archive", {})
    _ask(shop, f"{path}/labels", {"labels": []}, "put")
    return _scheduled(shop, "perform_chat_action")


def planned(shop: Shop) -> Bodies:
    shop.hears("Oi")
    (chat,) = _rows(shop, "chats")
    later = shop.world.now() + timedelta(minutes=5)
    _ask(
        shop,
        f"{MESSAGES}/schedule",
        {"send_at": later.isoformat(), "message": {"chat_id": chat["id"], "text": "Lembrete"}},
    )
    shop.world.advance(301)
    return _scheduled(shop, "send_scheduled_message")


def typing(shop: Shop) -> Bodies:
    shop.hears("Oi")
    (chat,) = _rows(shop, "chats")
    _ask(shop, f"/api/v1/crm/chats/{chat['id']}/typing", {"seconds": 20})
    return _scheduled(shop, "show_typing")[:1]


def looked_at(shop: Shop) -> Bodies:
    shop.hears("Oi")
    (message,) = _rows(shop, "messages")
    return [_body(shop, TellRead(message_id=UUID(message["id"])))]


CHANNEL_SITUATIONS = {
    "check_channel": to_look_after,
    "configure_channel": to_configure,
    "perform_chat_action": to_change_chats,
    "perform_message_action": to_change,
    "release_messages": let_go,
    "retire_channel": to_retire,
    "send_scheduled_message": planned,
    "show_typing": typing,
    "start_channel": to_start,
    "stop_channel": to_stop,
    "tell_read": looked_at,
}
