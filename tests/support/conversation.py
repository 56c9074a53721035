"""Somebody has written: what that leaves behind, made by a delivery as it really comes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from infra.fakes.waha_events import Party, make_event
from tests.support.waha import WahaChannel
from tests.support.world import World

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
_SPOKEN = """
select contact_id, sender_contact_id, chat_id, session_id, id as message_id, message_group_id as group_id
from messages where tenant_id = :tenant_id order by created_at desc, id desc limit 1
"""


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """The ids of one message and of all it belongs to."""

    contact_id: UUID
    chat_id: UUID
    session_id: UUID
    message_id: UUID
    group_id: UUID


def speak(
    world: World, channel: WahaChannel, text: str = "Oi!", *, kind: str = "text", customer: Party = ANA, **said: Any
) -> Spoken:
    """Let a customer write to the channel."""
    engine = world.value("select engine from channels where id = :id", id=channel.id)
    answer = channel.deliver(make_event(engine, kind, body=text, customer=customer, **said))
    assert answer.status_code == 200, answer.text
    (row,) = world.rows(_SPOKEN, tenant_id=channel.tenant.tenant_id)
    row["contact_id"] = row["contact_id"] or row.pop("sender_contact_id")
    row.pop("sender_contact_id", None)
    return Spoken(**{name: UUID(value) if value else value for name, value in row.items()})


def let_the_bot_reply(world: World) -> dict[str, Any]:
    """Let the burst end and the bot answer; nobody listens at the channel's server, so the reply stays queued."""
    world.drain(until=timedelta(seconds=20), tolerate=True)
    (reply,) = world.rows("select * from messages where sender_kind = 'bot' order by created_at desc limit 1")
    assert reply["status"] == "queued"
    return reply
