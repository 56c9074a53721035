"""WhatsApp's ids and addresses as WAHA spells them, brought to one spelling."""

import re
import secrets
from dataclasses import dataclass
from functools import lru_cache

from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import ChatKind
from shared.kernel.values import PhoneNumber
from shared.providers.waha.fields import dig, key

SERVERS = {"s.whatsapp.net": "c.us", "hosted": "c.us", "hosted.lid": "lid"}
SEEN = 4096  # addresses that are remembered as they were understood: most come again and again
KINDS = {"g.us": ChatKind.GROUP, "broadcast": ChatKind.STATUS, "newsletter": ChatKind.NEWSLETTER}


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageId:
    """`true_5511912345678@c.us_3EB0AA` taken apart; groups add the author at the end."""

    full: str
    bare: str
    from_me: bool | None
    chat: str | None
    author: str | None


def new_message_id() -> str:
    """Make an id of the form WhatsApp's own web client gives its messages."""
    return "3EB0" + secrets.token_hex(9).upper()


def message_id(raw: object) -> MessageId | None:
    """Read an id of one to four parts, or the object WEBJS makes of it; None when there is nothing to match by."""
    if raw is None:
        return None
    full = key(raw) if isinstance(raw, str) else key(dig(raw, "_serialized")) or key(dig(raw, "id"))
    if full is None:
        return None
    parts = full.split("_")
    direction = parts.pop(0) if len(parts) > 1 and parts[0] in {"true", "false"} else None
    chat = parts.pop(0) if len(parts) > 1 and "@" in parts[0] else None
    bare = parts[0] if chat or direction else full
    if not bare:
        return None
    return MessageId(
        full=full,
        bare=bare,
        from_me=None if direction is None else direction == "true",
        chat=address(chat),
        author=address(parts[1]) if chat and len(parts) > 1 else None,
    )


def bare_id(provider_id: object) -> str | None:
    """Find the part of an id that every event of the message shares, whatever address its chat had then."""
    found = message_id(provider_id)
    return found.bare if found else None


def address(raw: object) -> str | None:
    """Spell an address in the one way: no device, and `@c.us` for every form of a phone number."""
    if raw is None:
        return None
    spelled = raw if isinstance(raw, str) else key(dig(raw, "_serialized")) or _joined(raw)
    return _respelled(spelled) if spelled else None


@lru_cache(SEEN)
def _respelled(raw: str) -> str | None:
    spelled = key(raw)
    if spelled is None or spelled.count("@") != 1:
        return None
    user, server = spelled.lower().split("@")
    server = SERVERS.get(server, server)
    if server in {"c.us", "lid"}:
        user = re.sub(r"(\.\d+)?(:\d+)?$", "", user)
    return f"{user}@{server}" if user and server else None


def _joined(raw: object) -> str | None:
    user, server = key(dig(raw, "user")), key(dig(raw, "server"))
    return f"{user}@{server}" if user and server else None


def chat_kind(chat_address: str) -> ChatKind:
    return KINDS.get(chat_address.rpartition("@")[2], ChatKind.INDIVIDUAL)


def individuals(*told: object) -> set[str]:
    """Spell the addresses among them that are somebody's, and no group's or channel's."""
    return {each for each in map(address, told) if each and chat_kind(each) is ChatKind.INDIVIDUAL}


def identity(raw: object) -> Identity | None:
    """Who an address is; None for a group, a broadcast or a newsletter, which are nobody."""
    spelled = address(raw)
    return _identity(spelled) if spelled else None


@lru_cache(SEEN)
def _identity(spelled: str) -> Identity | None:
    if chat_kind(spelled) is not ChatKind.INDIVIDUAL:
        return None
    user, _, server = spelled.partition("@")
    if server == "lid" and re.fullmatch(r"[0-9]+", user):
        return Identity(kind=IdentityKind.LID, value=user)
    phone = PhoneNumber.from_digits(user) if server == "c.us" and re.fullmatch(r"[1-9][0-9]{4,14}", user) else None
    if phone:
        return Identity(kind=IdentityKind.PHONE, value=str(phone))
    return Identity(kind=IdentityKind.EXTERNAL, value=spelled)


def identities(addresses: tuple[str, ...]) -> tuple[Identity, ...]:
    """List the identities behind a person's addresses, each once, the phone before the LID."""
    found = {known for known in map(identity, addresses) if known}
    order = list(IdentityKind)
    return tuple(sorted(found, key=lambda known: (order.index(known.kind), known.value)))
