"""Acknowledgements: how far a message of ours has come, or that we have read one of theirs."""

from collections.abc import Mapping
from typing import Any

from shared.kernel.inbound import ChatKind, Person, Receipt
from shared.providers.waha.fields import dig, items
from shared.providers.waha.ids import MessageId, address, bare_id, chat_kind, identities
from shared.providers.waha.messages import Setting, Unreadable, acknowledged, chat_of, identify, is_from_me

MOST_IDS = 1000


def read_receipt(payload: Mapping[str, Any], setting: Setting) -> Receipt:
    """Read an ack payload; raises Unreadable when it does not say which message, chat or level it is about."""
    known, level = identify(payload), acknowledged(payload)
    if level is None:
        raise Unreadable("The acknowledgement does not say how far the message has come.")
    chat = chat_of(payload, known, setting)
    kind = chat_kind(chat)
    return Receipt(
        external_ids=_ids(payload, known),
        chat_address=chat,
        chat_kind=kind,
        level=level,
        from_me=_is_about_ours(payload, known),
        participant=_participant(payload, setting) if kind is ChatKind.GROUP else None,
        at=setting.at,
    )


def _ids(payload: Mapping[str, Any], known: MessageId) -> tuple[str, ...]:
    """One GOWS receipt can cover several messages; the one it is named after comes first."""
    covered = map(bare_id, items(dig(payload, "_data", "MessageIDs"))[:MOST_IDS])
    return tuple(dict.fromkeys([known.bare, *filter(None, covered)]))


def _is_about_ours(payload: Mapping[str, Any], known: MessageId) -> bool | None:
    """Trust the id where the flag is wrong: WEBJS says fromMe=false of our own messages to groups."""
    return known.from_me if known.from_me is not None else is_from_me(payload, known)


def _participant(payload: Mapping[str, Any], setting: Setting) -> Person | None:
    raw = payload.get("_data")
    told = (
        payload.get("participant"),
        dig(raw, "Sender"),
        dig(raw, "SenderAlt"),
        dig(raw, "receipt", "userJid"),
    )
    found = {each for each in map(address, told) if each and each not in setting.own}
    people = identities(tuple(sorted(found)))
    return Person(identities=people) if people else None
