"""How the consumers and tasks of histories come to have something to do."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from infra.fakes.waha_corpus import Corpus
from shared.crm.channels.store import Channels
from shared.crm.history.model import RunCause
from shared.crm.history.tasks import ReconcileHistory, RecoverHistory, ReviveHistory
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.outbox import plain
from shared.runtime.work import unit_of_work
from tests.campaigns.holding import held_back
from tests.support.calls import again
from tests.support.shop import SESSION, Shop

Bodies = list[dict[str, Any]]
_LOST = "update history_runs set updated_at = updated_at - interval '1 hour' where tenant_id = :tenant_id"
_ACCEPTED = 202


def _rows(shop: Shop, table: str, where: str) -> list[dict[str, Any]]:
    return shop.world.rows(
        f"select * from {table} where tenant_id = :tenant_id and {where} order by created_at, id",
        tenant_id=shop.tenant.tenant_id,
    )


def _body(shop: Shop, task: Task) -> dict[str, Any]:
    data = json.loads(json.dumps(plain(task), default=str))
    return {"task_id": str(uuid7()), "tenant_id": str(shop.tenant.tenant_id), "data": data}


def _events(shop: Shop, event_type: str) -> Bodies:
    return [row["envelope"] for row in _rows(shop, "outbox_events", f"type = '{event_type}'")]


def _remember(shop: Shop) -> None:
    until = int(shop.world.now().timestamp()) - 3600
    shop.waha.archives[SESSION] = Corpus(until=until, chats=3, messages=24).archive(shop.engine)


def _import(shop: Shop) -> UUID:
    """An import is asked for, and nobody has begun with it; its run."""
    _remember(shop)
    path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
    answer = shop.api.post(path, {}, as_=shop.tenant.admin)
    assert answer.status_code == _ACCEPTED, answer.text
    return UUID(answer.get_json()["id"])


def asked_for(shop: Shop) -> Bodies:
    _import(shop)
    return [row["body"] for row in _rows(shop, "outbox_tasks", "task = 'list_history'")]


def listed(shop: Shop) -> Bodies:
    """The list of chats is read, and every lane is about to begin."""
    _import(shop)
    while not (lanes := _rows(shop, "outbox_tasks", "task = 'read_history'")):
        again(_rows(shop, "outbox_tasks", "task = 'list_history'")[-1])
    return [row["body"] for row in lanes]


def lost(shop: Shop) -> Bodies:
    run_id = _import(shop)
    shop.world.run(_LOST, tenant_id=shop.tenant.tenant_id)
    return [_body(shop, ReviveHistory(run_id=run_id))]


def tonight(shop: Shop) -> Bodies:
    _remember(shop)
    return [_body(shop, ReconcileHistory(channel_id=shop.channel.id, night="2026-01-31"))]


def waited(shop: Shop) -> Bodies:
    """Something was missed while a comparison was under way, which has ended since."""
    _remember(shop)
    at = shop.world.now()
    wish = RecoverHistory(
        channel_id=shop.channel.id,
        behind=uuid7(),
        turn=1,
        cause=RunCause.DOWNTIME,
        since=at - timedelta(hours=2),
        at=at,
    )
    return [_body(shop, wish)]


def connected(shop: Shop) -> Bodies:
    """The number was away and is back, and nobody has heard of it yet."""
    _remember(shop)
    at = shop.world.now()
    with held_back("follow_connection"):
        for minutes, state in enumerate(("WORKING", "FAILED", "WORKING")):
            with unit_of_work(shop.tenant.tenant_id) as uow:
                channel = Channels(uow).get(shop.channel.id, lock=True)
                channel.connection_is(state.lower(), at + timedelta(seconds=minutes), None)
                uow.commit()
    return _events(shop, "channel.state_changed")


def silent(shop: Shop) -> Bodies:
    _remember(shop)
    with unit_of_work(shop.tenant.tenant_id) as uow:
        Channels(uow).get(shop.channel.id, lock=True).fell_silent(since=uow.now - timedelta(hours=2))
        uow.commit()
    return _events(shop, "channel.silence_detected")


HISTORY_SITUATIONS = {
    "follow_connection": connected,
    "list_history": asked_for,
    "read_history": listed,
    "reconcile_history": tonight,
    "recover_from_silence": silent,
    "recover_history": waited,
    "revive_history": lost,
}
