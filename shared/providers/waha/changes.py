"""What follows upon a message, of any engine: edits, revocations, reactions, votes and answers to invitations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from shared.kernel.inbound import ChatKind, Edit, Person, Reaction, ReactionKind, Revocation
from shared.kernel.stamps import stamp
from shared.providers.waha.fields import dig, flag, items, mapping, moment, not_after, text, whole
from shared.providers.waha.ids import MessageId, address, bare_id, chat_kind, identities, individuals, message_id
from shared.providers.waha.media import content
from shared.providers.waha.messages import BROWSER_ENGINES, Setting, Unreadable, identify
from shared.providers.waha.words import told_text

LONGEST_EMOJI = 64
LONGEST_OPTION = 256
MOST_OPTIONS = 100
US = "me"  # what WAHA calls us where it names no number
ANSWERS = {"UNKNOWN", "GOING", "NOT_GOING", "MAYBE"}


def read_edit(payload: Mapping[str, Any], setting: Setting) -> Edit:
    """Read an edit; raises Unreadable when it does not say of which message. `id` is that of the edit itself."""
    protocol, known = protocol_of(payload), identify(payload)
    external_id = _target(payload.get("editedMessageId"), protocol)
    if external_id is None:
        # WEBJS tells it under the message's own id.
        external_id = known.bare if setting.engine in BROWSER_ENGINES else None
    if external_id is None:
        raise Unreadable("The edit does not say which message it changes.")
    body = _new_text(payload, protocol)
    if body is None and not _is_emptied(payload, protocol):
        raise Unreadable("The edit does not say what the message says now.")
    at = not_after(_edited_at(payload, protocol, setting, is_its_own=known.bare != external_id), setting.at)
    return Edit(external_id=external_id, text=body, at=at, stamp=stamp(at, content=(known.bare, body)))


def protocol_of(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """The engine's own message about another message."""
    raw = payload.get("_data")
    places = (dig(raw, "Message"), dig(raw, "message"), content(payload))
    return next(filter(None, (mapping(dig(each, "protocolMessage")) for each in places)), {})


def _target(named: object, protocol: Mapping[str, Any]) -> str | None:
    places = (named, dig(protocol, "key", "ID"), dig(protocol, "key", "id"))
    return next(filter(None, map(bare_id, places)), None)


def _new_text(payload: Mapping[str, Any], protocol: Mapping[str, Any]) -> str | None:
    newest = dig(payload, "_data", "newBody")
    if isinstance(newest, str):
        return text(newest)
    return text(payload.get("body")) or _edited_text(protocol)


def _is_emptied(payload: Mapping[str, Any], protocol: Mapping[str, Any]) -> bool:
    """Whether it says that nothing is left, as when a caption is removed, and not just nothing."""
    is_empty = payload.get("body") == "" and bare_id(payload.get("editedMessageId")) is not None
    return is_empty or dig(payload, "_data", "newBody") == "" or bool(protocol.get("editedMessage"))


def _edited_text(protocol: Mapping[str, Any]) -> str | None:
    return told_text({"_data": {"Message": protocol.get("editedMessage")}})


def _edited_at(
    payload: Mapping[str, Any], protocol: Mapping[str, Any], setting: Setting, *, is_its_own: bool
) -> datetime | None:
    """When it was edited; the payload's own time is that of the message where both have one id."""
    raw = payload.get("_data")
    places = (
        protocol.get("timestampMS"),
        protocol.get("timestampMs"),
        dig(raw, "latestEditSenderTimestampMs"),
        dig(raw, "message", "latestEditSenderTimestampMs"),
        payload.get("timestamp") if is_its_own else None,
    )
    return next(filter(None, map(moment, places)), setting.at)


def read_revocation(payload: Mapping[str, Any], setting: Setting) -> Revocation:
    """Read a revocation; raises Unreadable when it does not say of which message.

    WEBJS may give both `before` and `after` an id that is not the message's, so they are asked last.
    """
    after, before = mapping(payload.get("after")), mapping(payload.get("before"))
    named = payload.get("revokedMessageId") or dig(after, "_data", "protocolMessageKey")
    external_id = _target(named, protocol_of(after) or protocol_of(payload)) or bare_id(before.get("id"))
    if external_id is None:
        raise Unreadable("The revocation does not say which message was taken back.")
    said = None if setting.engine in BROWSER_ENGINES else moment(after.get("timestamp"))
    return Revocation(external_id=external_id, at=not_after(said, setting.at))


def read_reaction(payload: Mapping[str, Any], setting: Setting) -> Reaction:
    """Read an emoji, or that it was taken back; raises Unreadable when it does not say whose, or to what."""
    told = mapping(payload.get("reaction"))
    emoji = text(told.get("text"), LONGEST_EMOJI)
    at = moment(payload.get("timestamp"))
    return _reaction(ReactionKind.EMOJI, payload, told.get("messageId"), emoji, at, setting)


def read_vote(payload: Mapping[str, Any], setting: Setting, *, is_readable: bool) -> Reaction:
    """Read a vote, which holds all that is chosen by now; raises Unreadable as a reaction does."""
    vote = {**mapping(payload.get("vote")), "_data": payload.get("_data")}
    chosen = filter(
        None, (text(dig(each, "name") or each, LONGEST_OPTION) for each in items(vote.get("selectedOptions")))
    )
    value = list(chosen)[:MOST_OPTIONS] if is_readable else None
    return _reaction(ReactionKind.VOTE, vote, dig(payload, "poll", "id"), value, moment(vote.get("timestamp")), setting)


def read_answer(payload: Mapping[str, Any], setting: Setting) -> Reaction:
    """Read whether somebody comes to an event; raises Unreadable as a reaction does."""
    told = mapping(payload.get("eventResponse"))
    response = (text(told.get("response")) or "").upper()
    value = {"response": response, "guests": whole(told.get("extraGuestCount")) or 0} if response in ANSWERS else None
    at = moment(told.get("timestampMs")) or moment(payload.get("timestamp"))
    return _reaction(ReactionKind.ANSWER, payload, dig(payload, "eventCreationKey", "id"), value, at, setting)


def _reaction(
    kind: ReactionKind,
    payload: Mapping[str, Any],
    target: object,
    value: Any,
    at: datetime | None,
    setting: Setting,
) -> Reaction:
    to = message_id(target)
    if to is None:
        raise Unreadable("It does not say which message it is about.")
    known = _own_id(payload, to) if kind is ReactionKind.VOTE else message_id(payload.get("id"))
    chats = [known.chat if known else None, to.chat, address(payload.get("from")), address(payload.get("to"))]
    chat = next((each for each in chats if each and each not in setting.own), None)
    if chat is None:
        raise Unreadable("It does not say in which chat it was done.")
    happened = not_after(at, setting.at)
    return Reaction(
        external_id=to.bare,
        kind=kind,
        chat_address=chat,
        person=_doer(payload, known, is_group=chat_kind(chat) is not ChatKind.INDIVIDUAL, setting=setting),
        value=value,
        at=happened,
        stamp=stamp(happened, setting.at, content=(known.bare if known else "", value)),
    )


def _own_id(vote: Mapping[str, Any], poll: MessageId) -> MessageId | None:
    """The id of a vote. WPP gives it that of the poll, which tells who asked and not who voted."""
    known = message_id(vote.get("id"))
    return replace(known, from_me=None, author=None) if known and known.bare == poll.bare else known


def _doer(payload: Mapping[str, Any], known: MessageId | None, *, is_group: bool, setting: Setting) -> Person | None:
    """Who did it: None when it was us. Raises Unreadable when nobody is named."""
    said = flag(payload.get("fromMe"))
    if said or (said is None and known and known.from_me) or payload.get("from") == US:
        return None
    people = _named(payload, known, is_group=is_group)
    if people and people <= setting.own:
        return None
    people |= _alternatives(payload.get("_data"), people)
    others = identities(tuple(sorted(people - setting.own)))
    if not others:
        raise Unreadable("It does not say who did it.")
    return Person(identities=others)


def _alternatives(raw: object, people: set[str]) -> set[str]:
    """The other addresses that the engine gives to these people, unless what it keeps is a message of ours."""
    key, info = mapping(dig(raw, "key")), mapping(dig(raw, "Info"))
    if key.get("fromMe") is True or info.get("IsFromMe") is True:
        return set()
    names = (("participant", "participantAlt"), ("remoteJid", "remoteJidAlt"))
    pairs = [(info.get("Sender"), info.get("SenderAlt")), *((key.get(one), key.get(other)) for one, other in names)]
    known = (individuals(*pair) for pair in pairs if address(pair[0]) is None or individuals(*pair) & people)
    return set[str]().union(*known)


def _named(payload: Mapping[str, Any], known: MessageId | None, *, is_group: bool) -> set[str]:
    """Whom it names; the author in its id only where it names nobody else, for they may be two people."""
    # Alone with us, the chat is the person.
    chat = None if is_group or known is None else known.chat
    named = individuals(payload.get("participant"), payload.get("from"), chat)
    return named or individuals(known.author if known else None)
