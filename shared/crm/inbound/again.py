"""Working off once more a delivery that is kept, as when it could not be understood before."""

from uuid import UUID

from shared.crm.channels.store import Channels
from shared.crm.inbound.gate import gate_of
from shared.crm.inbound.receive import receive
from shared.kernel.errors import NotFound
from shared.providers.waha.envelope import read_delivery
from shared.runtime.postgres import sql
from shared.runtime.work import UnitOfWork

_KEPT = "select channel_id, body, delivery_key from inbound_deliveries where tenant_id = :tenant_id and id = :id"


def work_again(uow: UnitOfWork, delivery_id: UUID) -> None:
    """Take in what the delivery says, in a transaction of its own. What was taken in before stays as it is."""
    rows = uow.run(sql(_KEPT, tenant_id=uow.tenant_id, id=delivery_id))[0]
    if not rows:
        raise NotFound("there is no such inbound delivery")
    channel_id, body, key = (value or "" for value in rows[0])
    raw = bytes.fromhex(body.removeprefix("\\x"))
    receive(gate_of(Channels(uow).get(UUID(channel_id))), raw, read_delivery(raw), again=key)
