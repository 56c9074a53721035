"""Calls, presence, names, labels, and chats that were put away: what is told beside messages and groups."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from shared.kernel.inbound import (
    Call,
    CallStage,
    ChatArchived,
    ChatKind,
    ChatLabel,
    ConnectionState,
    Introduction,
    Label,
    Person,
    Presence,
    PresenceState,
)
from shared.kernel.stamps import stamp
from shared.providers.waha.fields import LONGEST_NAME, dig, flag, items, key, mapping, moment, not_after, number, text
from shared.providers.waha.ids import address, chat_kind, identities, individuals
from shared.providers.waha.messages import Setting, Unreadable

MOST_PRESENCES = 100
NAMES = ("name", "pushName", "pushname", "notify", "notifyName", "verifiedName", "shortName")
# What engines say of their own connection, in the words that a session's status has.
STATES = {
    "CONNECTED": "WORKING",
    "OPEN": "WORKING",
    "OPENING": "STARTING",
    "PAIRING": "STARTING",
    "CONNECTING": "STARTING",
    "UNPAIRED": "SCAN_QR_CODE",
    "UNPAIRED_IDLE": "SCAN_QR_CODE",
    "TIMEOUT": "STOPPED",
    "CLOSE": "STOPPED",
    "UNLAUNCHED": "STOPPED",
    "CONFLICT": "FAILED",
    "DEPRECATED_VERSION": "FAILED",
    "PROXYBLOCK": "FAILED",
    "SMB_TOS_BLOCK": "FAILED",
    "TOS_BLOCK": "FAILED",
}


def read_call(payload: Mapping[str, Any], setting: Setting, *, stage: CallStage) -> Call:
    """Read a call; raises Unreadable when it has no id."""
    external_id = key(payload.get("id")) or key(dig(payload, "_data", "CallID"))
    if external_id is None:
        raise Unreadable("The call has no id.")
    return Call(
        external_id=external_id,
        stage=stage,
        person=_person(_caller(payload, setting), setting),
        is_video=flag(payload.get("isVideo")) or False,
        is_group=flag(payload.get("isGroup")) or False,
        at=not_after(moment(payload.get("timestamp")), setting.at),
    )


def _caller(payload: Mapping[str, Any], setting: Setting) -> set[str]:
    """The other side of a call. Who created it may be us, or another than it comes from."""
    raw = mapping(payload.get("_data"))
    creator = individuals(raw.get("CallCreator"), raw.get("CallCreatorAlt"))
    ours = setting.own | creator if creator & setting.own else setting.own
    caller = individuals(payload.get("from")) - ours
    if caller <= creator:
        caller = creator - ours
    otherwise = (individuals(raw.get(name)) - ours for name in ("chatId", "from"))
    return caller or next(filter(None, otherwise), set())


def _person(told: Iterable[object], setting: Setting) -> Person | None:
    found = {each for each in map(address, told) if each and each not in setting.own}
    people = identities(tuple(sorted(found)))
    return Person(identities=people) if people else None


def read_presence(payload: Mapping[str, Any], setting: Setting) -> Presence:
    """Read how people are seen; raises Unreadable when nobody is."""
    people = tuple(_seen(payload, setting))
    if not people:
        raise Unreadable("It does not say how anybody is seen.")
    return Presence(people=people, at=setting.at, stamp=stamp(setting.at, content=people))


def _seen(payload: Mapping[str, Any], setting: Setting) -> Iterator[tuple[Person, PresenceState, datetime | None]]:
    for each in items(payload.get("presences"))[:MOST_PRESENCES]:
        state = (text(dig(each, "lastKnownPresence")) or "").lower()
        person = _person([dig(each, "participant")], setting)
        if person and state in set(PresenceState):
            yield person, PresenceState(state), moment(dig(each, "lastSeen"))


def read_archive(payload: Mapping[str, Any], setting: Setting) -> ChatArchived:
    """Read whether a chat is put away; raises Unreadable when it does not say so, or of which."""
    chat, is_archived = _chat(payload.get("id") or payload.get("chatId")), flag(payload.get("archived"))
    if is_archived is None:
        raise Unreadable("It does not say whether the chat is archived.")
    at = not_after(moment(payload.get("timestamp")), setting.at)
    # An engine may give the time of the chat's last message here, so the delivery's own decides.
    return ChatArchived(
        chat_address=chat,
        is_archived=is_archived,
        at=at,
        stamp=stamp(setting.at or at, content=is_archived),
    )


def _chat(raw: object) -> str:
    chat = address(raw)
    if chat is None:
        raise Unreadable("It does not say which chat it is about.")
    return chat


def read_label(payload: Mapping[str, Any], setting: Setting, *, is_deleted: bool) -> Label:
    """Read what a label is called; raises Unreadable when it has no id."""
    label = _label_id(payload.get("id"))
    name, color = text(payload.get("name"), LONGEST_NAME) or "", key(payload.get("colorHex"))
    return Label(
        label=label,
        name=name,
        color=color[:20] if color else None,
        is_deleted=is_deleted,
        at=setting.at,
        stamp=stamp(setting.at, content=(name, color, is_deleted)),
    )


def _label_id(raw: object) -> str:
    counted = number(raw)
    label = key(raw) or (str(int(counted)) if counted is not None else None)
    if label is None:
        raise Unreadable("It does not say which label it is about.")
    return label[:64]


def read_chat_label(payload: Mapping[str, Any], setting: Setting, *, is_on: bool) -> ChatLabel:
    """Read which label is on a chat, or off it; raises Unreadable when it does not say which, or of which chat."""
    label, told = _label_id(payload.get("labelId")), mapping(payload.get("label"))
    return ChatLabel(
        label=label,
        chat_address=_chat(payload.get("chatId")),
        is_on=is_on,
        definition=read_label({**told, "id": label}, setting, is_deleted=False) if told.get("name") else None,
        at=setting.at,
        stamp=stamp(setting.at, content=is_on),
    )


def read_contact(payload: Mapping[str, Any], setting: Setting) -> Introduction:
    """Read the name somebody goes by; raises Unreadable when nobody is named."""
    told = [
        payload.get("id"),
        payload.get("lid"),
        payload.get("phoneNumber"),
        payload.get("number"),
        payload.get("jid"),
    ]
    alone = [each for each in told if (spelled := address(each)) and chat_kind(spelled) is ChatKind.INDIVIDUAL]
    person = _person(alone, setting)
    name = next(filter(None, ((text(payload.get(each), LONGEST_NAME) or "").strip() for each in NAMES)), None)
    if person is None or name is None:
        raise Unreadable("It does not say who goes by which name.")
    return Introduction(person=Person(identities=person.identities, name=name))


def read_engine_state(payload: Mapping[str, Any], setting: Setting) -> ConnectionState | None:
    """Read the state of an engine's own connection; None when it says nothing that is known.

    WEBJS spreads the word over the payload, letter by letter.
    """
    letters = [payload[str(place)] for place in range(len(payload)) if str(place) in payload]
    spread = "".join(letter for letter in letters if isinstance(letter, str) and len(letter) == 1)
    told = (payload.get("state"), payload.get("connection"), payload.get("status"), spread)
    word = next((found for each in told if (found := (text(each) or "").upper()) in STATES), None)
    return ConnectionState(status=STATES[word], phone=None, at=setting.at) if word else None
