"""A WAHA message of any engine, read into the shape the domain knows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.kernel.inbound import ChatKind, InboundMessage, MessageType, Person
from shared.providers.waha.fields import LONGEST_NAME, dig, flag, mapping, moment, number, text
from shared.providers.waha.ids import MessageId, address, bare_id, chat_kind, identities, message_id
from shared.providers.waha.media import content, message_type, part, read_cards, read_location, read_media
from shared.providers.waha.words import read_text

BROWSER_ENGINES = {"WEBJS", "WPP"}
ACKS = {"ERROR": -1, "PENDING": 0, "SERVER": 1, "DEVICE": 2, "READ": 3, "PLAYED": 4}
NOWEB_SENDER = ("senderPn", "senderLid")
NOWEB_PARTICIPANT = ("participant", "participantAlt", "participantPn", "participantLid")


class Unreadable(ValueError):
    """The payload cannot be understood; the sentence says what it lacks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """What the envelope says about every payload in it; `own` are our own addresses."""

    engine: str | None = None
    own: frozenset[str] = frozenset()
    at: datetime | None = None


def own_addresses(me: object) -> frozenset[str]:
    return frozenset(filter(None, (address(dig(me, name)) for name in ("id", "lid", "jid"))))


def identify(payload: Mapping[str, Any]) -> MessageId:
    """Find the id of the message, from the payload or from what the engine kept of it."""
    raw = mapping(payload.get("_data"))
    places = (payload.get("id"), raw.get("id"), dig(raw, "key", "id"), dig(raw, "Info", "ID"))
    found = next(filter(None, map(message_id, places)), None)
    if found is None:
        raise Unreadable("The payload has no id a message could be known by.")
    return found


def is_from_me(payload: Mapping[str, Any], known: MessageId) -> bool | None:
    said = flag(payload.get("fromMe"))
    return said if said is not None else known.from_me


def chat_of(payload: Mapping[str, Any], known: MessageId, setting: Setting) -> str:
    """Find the chat: our own messages name it in `to` in the browser engines and in `from` in the others."""
    from_me, browser = is_from_me(payload, known), setting.engine in BROWSER_ENGINES
    sides = [address(payload.get("from")), address(payload.get("to"))]
    ranked = [known.chat, *sides] if from_me and setting.engine is None else [*sides, known.chat]
    if from_me and browser:
        ranked = [sides[1], known.chat, sides[0]]
    found = list(filter(None, ranked))
    if not found:
        raise Unreadable("The payload does not say which chat it belongs to.")
    return next((each for each in found if each not in setting.own), found[0])


def acknowledged(payload: Mapping[str, Any]) -> int | None:
    """How far the message has come, by number or else by name; None when neither is one we know."""
    level = number(payload.get("ack"))
    if level in ACKS.values():
        return int(level or 0)
    return ACKS.get((text(payload.get("ackName")) or "").upper())


def read_message(payload: Mapping[str, Any], setting: Setting) -> InboundMessage:
    """Read a message payload; raises Unreadable when it has no id or no chat, and for nothing else."""
    known = identify(payload)
    chat = chat_of(payload, known, setting)
    from_me, kind, type_ = bool(is_from_me(payload, known)), chat_kind(chat), message_type(payload)
    addresses = _chat_addresses(payload, chat, known, setting)
    customer = _customer(payload, kind, addresses, from_me=from_me)
    return InboundMessage(
        external_id=known.bare,
        provider_id=known.full,
        chat_kind=kind,
        chat_address=chat,
        chat_addresses=addresses,
        customer=customer,
        sender=None if from_me else customer or _participant(payload, kind, known, setting),
        from_me=from_me,
        sent_by_api={"api": True, "app": False}.get(text(payload.get("source")) or ""),
        type=type_,
        text=read_text(payload, type_),
        media=read_media(payload, type_),
        location=read_location(payload),
        cards=read_cards(payload),
        quoted_external_id=_quoted(payload),
        sent_at=_sent_at(payload, setting.at),
        ack=acknowledged(payload),
    )


def read_placeholder(payload: Mapping[str, Any], setting: Setting) -> InboundMessage:
    """Read the announcement of a message that cannot be read yet; raises Unreadable as a message does."""
    return replace(read_message(payload, setting), is_placeholder=True, type=MessageType.UNKNOWN)


def _chat_addresses(payload: Mapping[str, Any], chat: str, known: MessageId, setting: Setting) -> tuple[str, ...]:
    """All the addresses of an individual chat; a group or a channel has but one."""
    if chat_kind(chat) is not ChatKind.INDIVIDUAL:
        return (chat,)
    raw = mapping(payload.get("_data"))
    from_me = is_from_me(payload, known)
    key, info = mapping(raw.get("key")), mapping(raw.get("Info"))
    told = [known.chat, dig(raw, "id", "remote"), info.get("Chat"), key.get("remoteJid")]
    told += [] if from_me and _may_be_our_lid(key.get("remoteJidAlt"), setting) else [key.get("remoteJidAlt")]
    told += [info.get("RecipientAlt")] if from_me else [info.get("SenderAlt"), *map(key.get, NOWEB_SENDER)]
    others = {each for each in map(address, told) if each and each not in setting.own}
    return tuple(sorted({chat} | {each for each in others if chat_kind(each) is ChatKind.INDIVIDUAL}))


def _may_be_our_lid(raw: object, setting: Setting) -> bool:
    """Whether a hidden id may be ours, for ours is not known: NOWEB may put it beside the chat of our own message."""
    is_known = any(each.endswith("@lid") for each in setting.own)
    return not is_known and (address(raw) or "").endswith("@lid")


def _customer(
    payload: Mapping[str, Any], kind: ChatKind, addresses: tuple[str, ...], *, from_me: bool
) -> Person | None:
    if kind is not ChatKind.INDIVIDUAL:
        return None
    return Person(identities=identities(addresses), name=None if from_me else _name(payload))


def _participant(payload: Mapping[str, Any], kind: ChatKind, known: MessageId, setting: Setting) -> Person | None:
    """Who wrote in a group or a status; nobody in a newsletter."""
    if kind is ChatKind.NEWSLETTER:
        return None
    raw = mapping(payload.get("_data"))
    key, info = mapping(raw.get("key")), mapping(raw.get("Info"))
    told = [payload.get("participant"), payload.get("author"), known.author, raw.get("author")]
    told += [dig(raw, "id", "participant"), info.get("Sender"), info.get("SenderAlt"), *map(key.get, NOWEB_PARTICIPANT)]
    found = {each for each in map(address, told) if each and each not in setting.own}
    people = identities(tuple(sorted(found)))
    return Person(identities=people, name=_name(payload)) if people else None


def _name(payload: Mapping[str, Any]) -> str | None:
    """Find the name the writer gave themselves, spelled by each engine in its own way."""
    raw = mapping(payload.get("_data"))
    told = (dig(raw, "Info", "PushName"), raw.get("pushName"), raw.get("notifyName"), raw.get("verifiedBizName"))
    return next(filter(None, ((text(each, LONGEST_NAME) or "").strip() for each in told)), None)


def _quoted(payload: Mapping[str, Any]) -> str | None:
    context = mapping(part(content(payload)).get("contextInfo"))
    told = (
        dig(payload, "replyTo", "id"),
        context.get("stanzaId"),
        context.get("stanzaID"),
        dig(payload, "_data", "quotedStanzaID"),
    )
    return next(filter(None, map(bare_id, told)), None)


def _sent_at(payload: Mapping[str, Any], otherwise: datetime | None) -> datetime | None:
    """When it was written. What was never said is taken from the envelope; what was said wrongly stays unknown."""
    said = (payload.get("timestamp"), dig(payload, "_data", "messageTimestamp"))
    stated = next((each for each in said if each is not None), None)
    return otherwise if stated is None else moment(stated)
