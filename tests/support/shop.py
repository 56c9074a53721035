"""A shop on WhatsApp to test with: a tenant, a channel with a bot, and a fake WAHA at the other end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_events import Party, envelope, make_event
from infra.local.storage import LocalStorage
from shared.crm.chats.store import Chats
from shared.crm.messages.model import Message, SenderKind
from shared.crm.messages.store import Messages
from shared.crm.sessions.store import Sessions, sessions
from shared.kernel.outbound import words
from shared.runtime.work import unit_of_work
from tests.support.api import Api
from tests.support.environment import environment
from tests.support.storage import bucket
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel
from tests.support.world import Drained, World

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")
SESSION = "loja"


@dataclass
class Shop:
    """Customers write with `hears`; what the shop sent lies in `waha`."""

    world: World
    api: Api
    tenant: Tenant
    waha: FakeWaha
    channel: WahaChannel
    engine: str
    bucket: LocalStorage

    def hears(self, body: str = "Oi", **said: Any) -> None:
        """A customer's message arrives, written now unless `timestamp` says otherwise."""
        usual = {"customer": ANA, "timestamp": int(self.world.now().timestamp())}
        event = make_event(self.engine, said.pop("kind", "text"), body=body, **{**usual, **said})
        if event["payload"].get("media"):
            self.waha.files.place(SESSION, event["payload"])
        self.waha.state.keep(self.waha.state.sessions[SESSION], event["payload"])
        answer = self.channel.deliver(event)
        assert answer.status_code == 200, answer.text

    def echoes(self, payload: dict[str, Any]) -> None:
        """The server tells of a message that it sent for us."""
        told = envelope(self.engine, "message.any", SESSION, payload)
        assert self.channel.deliver(told).status_code == 200

    def says(self, text: str, *, sender_kind: SenderKind = SenderKind.USER) -> UUID:
        """Something is queued to be sent to the customer who wrote last; its id."""
        with unit_of_work(self.tenant.tenant_id) as uow:
            opened = Sessions(uow).all(sessions.c.status == "open")
            session = max(opened, key=lambda each: (each.last_message_at, each.id))
            chat = Chats(uow).get(session.chat_id, lock=True)
            draft = words(text)
            queued = Message.queue(chat=chat, session_id=session.id, draft=draft, at=uow.now, sender_kind=sender_kind)
            Messages(uow).add(queued)
            uow.commit()
        return queued.id

    def settles(self, **options: Any) -> Drained:
        """Time passes until every timer has run and everything it caused is done."""
        return self.world.drain(timers=True, **options)

    @property
    def sent(self) -> list[str]:
        """The texts that WhatsApp shows as the shop's."""
        return [record.text for record in self.waha.whatsapp]

    def message(self, **where: str) -> dict[str, Any]:
        """The only message with these columns."""
        condition = " and ".join(f"{name} = :{name}" for name in where)
        (found,) = self.world.rows(f"select * from messages where {condition}", **where)
        return found

    def outcomes(self) -> list[str]:
        return [row["outcome"] for row in self.world.rows("select outcome from message_groups order by opened_at")]


@contextmanager
def open_shop(world: World, api: Api, tenant: Tenant, *, engine: str = "GOWS", **channel: Any) -> Iterator[Shop]:
    """Open a shop whose WAHA server is fake; its address too is let through the guard."""
    with (
        FakeWaha() as waha,
        environment({"ALLOWED_HOSTS": f"{os.environ.get('ALLOWED_HOSTS', '')},{waha.address}"}),
        bucket() as kept,
    ):
        waha.state.clock = waha.files.clock = lambda: world.now().timestamp()
        waha.add_session(SESSION, engine, api_key="waha-key")
        connected = waha_channel(world, api, tenant, engine=engine, base_url=waha.url, session_name=SESSION, **channel)
        yield Shop(world, api, tenant, waha, connected, engine, kept)
