"""What a colleague asks of a message through the API, and what came of it on WhatsApp."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.shop import Shop, open_shop

PATH = "/api/v1/crm/messages"
ENGINES = ["WEBJS", "WPP", "NOWEB", "GOWS"]


@contextmanager
def spoken_shop(engine: str, world: Any, api: Any, tenant: Any) -> Iterator[Shop]:
    """A shop without a bot, to which Ana has written."""
    with open_shop(world, api, tenant, engine=engine, bot=False) as shop:
        shop.hears("Oi")
        yield shop


def answer(shop: Shop, text: str = "Bom dia!") -> str:
    """Send Ana an answer, which WhatsApp has then; its id."""
    message_id = shop.says(text)
    shop.world.drain()
    return str(message_id)


def patch(shop: Shop, message_id: Any, **changes: Any) -> Any:
    return shop.api.patch(f"{PATH}/{message_id}", changes, as_=shop.tenant.agent)


def post(shop: Shop, message_id: Any, verb: str, body: dict[str, Any] | None = None) -> Any:
    return shop.api.post(f"{PATH}/{message_id}/{verb}", body, as_=shop.tenant.agent)


def shown(shop: Shop, message_id: Any) -> dict[str, Any]:
    view: dict[str, Any] = shop.api.get(f"{PATH}/{message_id}", as_=shop.tenant.viewer).get_json()
    return view


def acts(shop: Shop, *types: str) -> list[tuple[str, str | None]]:
    """What was done on WhatsApp beside sending."""
    return [(each.type, each.value) for each in shop.waha.acts if not types or each.type in types]
