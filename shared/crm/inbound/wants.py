"""What a delivery names, read from what it says."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from shared.crm.inbound.gate import Gate
from shared.crm.inbound.picture import About, Wanted
from shared.kernel.inbound import (
    Call,
    ChatArchived,
    ChatKind,
    ChatLabel,
    Content,
    Edit,
    GroupChange,
    InboundMessage,
    Introduction,
    Label,
    Membership,
    Person,
    Presence,
    Reaction,
    Receipt,
    Revocation,
)

Names = dict[str, Any]


def wanted(gate: Gate, content: Content | None, key: str) -> Wanted:
    """What must be locked and read for a delivery, which is known by the key."""
    base = Wanted(
        tenant_id=gate.tenant_id,
        project_id=gate.project_id,
        channel_id=gate.channel_id,
        delivery_key=key,
        about=About.CHANNEL,
    )
    read = _READ.get(type(content))
    return replace(base, **read(content)) if read else base


def _of_message(told: InboundMessage) -> Names:
    return {
        "about": About.MESSAGE,
        "at": told.sent_at,
        "external_ids": (told.external_id,),
        "quoted_external_id": told.quoted_external_id,
        "addresses": told.chat_addresses,
        "people": _those([told.customer or told.sender]),
        "is_individual": told.chat_kind is ChatKind.INDIVIDUAL,
        "from_me": told.from_me,
    }


def _of_receipt(told: Receipt) -> Names:
    reader = told.participant if told.chat_kind is ChatKind.GROUP else None
    return {"about": About.SEQUEL, "external_ids": told.external_ids, "people": _those([reader])}


def _of_change(told: Edit | Revocation) -> Names:
    return {"about": About.SEQUEL, "external_ids": (told.external_id,)}


def _of_reaction(told: Reaction) -> Names:
    return {"about": About.SEQUEL, "external_ids": (told.external_id,), "people": _those([told.person])}


def _of_group(told: GroupChange) -> Names:
    people = tuple(member.person for member in told.members)
    creation = told.subject if told.ours is Membership.JOINED else None
    return {"about": About.GROUP, "addresses": (told.chat_address,), "people": people, "creation": creation}


def _of_chat(told: ChatArchived | ChatLabel) -> Names:
    return {"about": About.CHAT, "addresses": (told.chat_address,)}


def _of_call(told: Call) -> Names:
    return {"about": About.CALL, "external_ids": (told.external_id,), "people": _those([told.person])}


def _of_presence(told: Presence) -> Names:
    return {"about": About.PRESENCE, "people": tuple(person for person, *_ in told.people)}


def _those(people: Iterable[Person | None]) -> tuple[Person, ...]:
    return tuple(person for person in people if person)


_READ: dict[type, Callable[[Any], Names]] = {
    InboundMessage: _of_message,
    Receipt: _of_receipt,
    Edit: _of_change,
    Revocation: _of_change,
    Reaction: _of_reaction,
    GroupChange: _of_group,
    ChatArchived: _of_chat,
    ChatLabel: _of_chat,
    Label: lambda _: {"about": About.LABEL},
    Call: _of_call,
    Presence: _of_presence,
    Introduction: lambda told: {"about": About.PERSON, "people": (told.person,)},
}
