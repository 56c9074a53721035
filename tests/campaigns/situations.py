"""How every consumer and every task comes to have something to do: one situation for each, by its name."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from infra.fakes.waha_events import Addressing, Party
from infra.fakes.waha_signs import make_call, make_participants
from infra.fakes.waha_state import Fault
from shared.crm.contacts.tasks import LookUpLid
from shared.crm.message_groups.tasks import CloseMessageGroup, SettleMessageGroup
from shared.crm.messages.tasks import ResumeMessage
from shared.crm.sessions.tasks import ExpireSession
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.outbox import plain
from tests.campaigns.channel_situations import CHANNEL_SITUATIONS
from tests.campaigns.history_situations import HISTORY_SITUATIONS
from tests.campaigns.holding import held_back
from tests.campaigns.media_situations import MEDIA_SITUATIONS
from tests.support.calls import again, give, tell
from tests.support.functions import consumers_of
from tests.support.shop import ANA, SESSION, Shop

BIA = Party(phone="5511987650002", lid="100000000000002", name="Bia")
CAIO = Party(phone="5511987650003", lid="100000000000003")
DORA = Party(phone="5511987650004", lid="100000000000004", name="Dora")
GROUP = "120363000000000001@g.us"
OK = 200
QUIET = 16.0  # seconds after which a burst is due
Bodies = list[dict[str, Any]]  # envelopes of events, or bodies of tasks
Situation = Callable[[Shop], Bodies]


def hear(shop: Shop, text: str, **said: Any) -> None:
    """A message arrives, a second after what came before: of the same second, either may count as first."""
    shop.world.advance(1)
    shop.hears(text, **said)


def post(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.channel.deliver(event).status_code == OK


def now(shop: Shop) -> int:
    return int(shop.world.now().timestamp())


def rows(shop: Shop, table: str, where: str = "true") -> list[dict[str, Any]]:
    return shop.world.rows(
        f"select * from {table} where tenant_id = :tenant_id and {where} order by created_at, id",
        tenant_id=shop.tenant.tenant_id,
    )


def envelopes(shop: Shop, event_type: str) -> Bodies:
    return [row["envelope"] for row in rows(shop, "outbox_events", f"type = '{event_type}'")]


def scheduled(shop: Shop, task: str) -> Bodies:
    return [row["body"] for row in rows(shop, "outbox_tasks", f"task = '{task}'")]


def body(shop: Shop, task: Task) -> dict[str, Any]:
    return {"task_id": str(uuid7()), "tenant_id": str(shop.tenant.tenant_id), "data": plain(task)}


def id_of(shop: Shop, table: str, where: str = "true") -> UUID:
    return UUID(rows(shop, table, where)[-1]["id"])


def two_bursts(shop: Shop) -> None:
    """One burst is due, in the other somebody still writes."""
    hear(shop, "Oi", customer=ANA)
    hear(shop, "Oi", customer=BIA)
    shop.world.advance(QUIET / 2)
    hear(shop, "tudo bem?", customer=BIA)
    shop.world.advance(QUIET / 2)


def timers(shop: Shop) -> Bodies:
    two_bursts(shop)
    return scheduled(shop, "flush_message_group")


def lost_timers(shop: Shop) -> Bodies:
    two_bursts(shop)
    groups = rows(shop, "message_groups")
    return [body(shop, CloseMessageGroup(group_id=UUID(row["id"]), generation=row["generation"])) for row in groups]


def completed(shop: Shop) -> Bodies:
    hear(shop, "Oi")
    shop.world.advance(QUIET)
    for row in rows(shop, "outbox_tasks", "task = 'flush_message_group'"):
        again(row)
    return envelopes(shop, "message_group.completed")


def unanswered(shop: Shop) -> Bodies:
    completed(shop)
    return [body(shop, SettleMessageGroup(group_id=id_of(shop, "message_groups")))]


def queued(shop: Shop) -> Bodies:
    """A reply of the bot's and a message of a person's, in two chats."""
    for envelope in completed(shop):
        tell(envelope)
    hear(shop, "Oi", customer=BIA)
    shop.says("Bom dia")
    return envelopes(shop, "message.queued")


def lost_answers(shop: Shop) -> Bodies:
    shop.waha.set_fault(SESSION, Fault(kind="error_500", sent=True, times=2))
    for envelope in queued(shop):
        tell(envelope)
    return scheduled(shop, "reconcile_message")


def left_behind(shop: Shop) -> Bodies:
    """One message waits to be sent, of another nobody knows whether it was."""
    queued(shop)
    half_sent = "update messages set status = 'sending', claimed_at = clock_timestamp() where id = :id"
    shop.world.run(half_sent, id=id_of(shop, "messages", "status = 'queued'"))
    shop.world.advance(91)
    return [
        body(shop, ResumeMessage(message_id=UUID(row["id"])))
        for row in rows(shop, "messages", "status in ('queued', 'sending')")
    ]


def silence(shop: Shop) -> Bodies:
    shop.world.run(
        "update projects set session_timeout_minutes = 1 where tenant_id = :tenant_id", tenant_id=shop.tenant.tenant_id
    )
    hear(shop, "Oi")
    shop.settles()
    shop.world.advance(61)
    return [body(shop, ExpireSession(session_id=id_of(shop, "sessions")))]


def a_full_day(shop: Shop) -> Bodies:
    """Everything that a timeline tells of happens; one event of each kind."""
    with held_back("record_timeline"):
        for chapter in (people, sessions, replies):
            chapter(shop)
    (timeline,) = consumers_of("contact.created")
    found = [envelopes(shop, event.event_type)[:1] for event in timeline.events]
    return [envelope for kind in found for envelope in kind]


def people(shop: Shop) -> None:
    hear(shop, "Oi", customer=CAIO)
    hear(shop, "sou o Caio", customer=Party(phone=CAIO.phone, lid=CAIO.lid, name="Caio"))
    contact = id_of(shop, "contacts")
    for judgement in ("qualified", "disqualified"):
        told = {"score": 50, "qualification": judgement}
        answer = shop.api.post(f"/api/v1/crm/contacts/{contact}/qualify", told, as_=shop.tenant.agent)
        assert answer.status_code == 200, answer.text
    shop.api.delete(f"/api/v1/crm/contacts/{contact}", as_=shop.tenant.admin)
    for addressing in (Addressing.PHONE, Addressing.LID, Addressing.LID_WITH_PHONE):
        hear(shop, "ainda aqui", customer=CAIO, addressing=addressing)
    hear(shop, "bom dia, grupo", customer=DORA, group=GROUP)
    post(shop, make_participants(shop.engine, "leave", GROUP, [DORA], at=now(shop) + 1))
    for stage in ("received", "accepted", "rejected"):
        post(shop, make_call(shop.engine, stage, caller=DORA, call="CALL1", at=now(shop)))
    shop.settles()


def sessions(shop: Shop) -> None:
    hear(shop, "Oi", customer=DORA)
    shop.settles()
    said, session = int(shop.world.now().timestamp()), id_of(shop, "sessions", "status = 'open'")
    minutes = "update sessions set timeout_minutes = 1 where id = :id"
    shop.world.run(minutes, id=session)
    shop.world.advance(100)
    give(shop.tenant.tenant_id, ExpireSession(session_id=session))
    hear(shop, "esqueci uma coisa", customer=DORA, timestamp=said + 30)
    shop.world.run("update sessions set timeout_minutes = 1440 where id = :id", id=session)
    path = f"/api/v1/crm/sessions/{session}"
    for step, told in (("assign", {}), ("bot", {"paused": False}), ("close", {"outcome": "resolved"})):
        answer = shop.api.post(f"{path}/{step}", told, as_=shop.tenant.agent)
        assert answer.status_code == 200, answer.text
    hear(shop, "quero um atendente", customer=DORA)
    shop.settles()


def replies(shop: Shop) -> None:
    hear(shop, "Oi", customer=ANA)
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    shop.settles()
    shop.waha.set_fault(SESSION, Fault(kind="error_500", sent=True))
    hear(shop, "Oi?", customer=ANA)
    shop.settles()
    queued(shop)
    hear(shop, "eu respondo", customer=ANA, from_me=True)
    shop.settles()


def hidden(shop: Shop) -> Bodies:
    """Somebody is two contacts, by a hidden id and by a phone, which the provider knows to be one."""
    for addressing in (Addressing.LID, Addressing.PHONE):
        hear(shop, "Oi", customer=CAIO, addressing=addressing)
    shop.waha.archive(SESSION).phones[CAIO.lid] = CAIO.phone
    shop.world.advance(1)
    return [body(shop, LookUpLid(lookup_id=id_of(shop, "lid_lookups")))]


SITUATIONS: dict[str, Situation] = {
    "close_message_group": lost_timers,
    "expire_session": silence,
    "flush_message_group": timers,
    "look_up_lid": hidden,
    "reconcile_message": lost_answers,
    "record_timeline": a_full_day,
    "resume_message": left_behind,
    "run_agent": completed,
    "send_message": queued,
    "settle_message_group": unanswered,
    **CHANNEL_SITUATIONS,
    **HISTORY_SITUATIONS,
    **MEDIA_SITUATIONS,
}
