"""What a colleague asks of a chat through the API, and what came of it on WhatsApp."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.fakes.waha_events import Party
from infra.fakes.waha_signs import make_group
from tests.support.shop import ANA, Shop, open_shop

PATH = "/api/v1/crm/chats"
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]
GROUP = "120363000000000001@g.us"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")
CAIO = Party(phone="5511900000003", lid="100000000000003", name="Caio")


@contextmanager
def chat_shop(engine: str, world: Any, api: Any, tenant: Any) -> Iterator[Shop]:
    """A shop without a bot, to which Ana has written."""
    with open_shop(world, api, tenant, engine=engine, bot=False) as shop:
        shop.hears("Oi")
        yield shop


@contextmanager
def group_shop(engine: str, world: Any, api: Any, tenant: Any) -> Iterator[Shop]:
    """A shop in a group, with Ana, and with Bia, who runs it."""
    with open_shop(world, api, tenant, engine=engine, bot=False) as shop:
        members = {ANA: "participant", BIA: "admin"}
        deliver(shop, make_group(engine, "join", GROUP, about={"subject": "Obra"}, members=members, at=now(shop) - 60))
        yield shop


def now(shop: Shop) -> int:
    return int(shop.world.now().timestamp())


def deliver(shop: Shop, event: dict[str, Any]) -> None:
    assert shop.channel.deliver(event).status_code == 200


def chat_of(shop: Shop) -> str:
    query = "select id from chats where status <> 'merged' and tenant_id = :tenant_id"
    return str(shop.world.value(query, tenant_id=shop.tenant.tenant_id))


def contact_of(shop: Shop, party: Party) -> str:
    """Somebody's id here."""
    names = {"tenant_id": shop.tenant.tenant_id, "phone": f"+{party.phone}"}
    query = "select contact_id from contact_identities where tenant_id = :tenant_id and value = :phone"
    return str(shop.world.value(query, **names))


def ask(shop: Shop, method: str, path: str = "", body: dict[str, Any] | None = None, *, role: str = "admin") -> Any:
    """Ask something of the shop's one chat."""
    caller = getattr(shop.tenant, role)
    return shop.api.request(method, f"{PATH}/{chat_of(shop)}{path}", as_=caller, json=body)


def shown(shop: Shop) -> dict[str, Any]:
    view: dict[str, Any] = shop.api.get(f"{PATH}/{chat_of(shop)}", as_=shop.tenant.viewer).get_json()
    return view


def pending(shop: Shop) -> list[tuple[str, str]]:
    return [(each["kind"], each["status"]) for each in shown(shop)["pending"]]


def acts(shop: Shop) -> list[tuple[str, str | None, list[str], str | None]]:
    """What was done on WhatsApp beside sending."""
    return [(each.type, each.chat_id, each.ids, each.value) for each in shop.waha.acts]


def told(shop: Shop, name: str) -> int:
    return len(shop.world.events(name))
