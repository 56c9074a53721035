"""How a message is put into words or forms that the engine can send: buttons become a list, or lines with numbers."""

from dataclasses import replace

from shared.kernel.inbound import MessageType
from shared.kernel.outbound import Draft, Menu
from shared.providers.waha.capabilities import Operation, can


def rendered(draft: Draft, engine: str, *, group: bool) -> Draft:
    """What is really sent for a draft; its id, if it takes one, is chosen for this."""
    if draft.type is not MessageType.BUTTONS or draft.menu is None:
        return draft
    if can(engine, Operation.LIST, group=group):
        return replace(draft, type=MessageType.LIST)
    return Draft(type=MessageType.TEXT, text=_numbered(draft.text, draft.menu), manner=draft.manner)


def _numbered(text: str | None, menu: Menu) -> str:
    lines = [f"{number}. {choice.title}" for number, choice in enumerate(menu.choices, start=1)]
    parts = [f"*{menu.title}*" if menu.title else "", text or "", "\n".join(lines), menu.footer or ""]
    return "\n\n".join(part for part in parts if part)
