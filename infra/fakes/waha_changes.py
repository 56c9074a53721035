"""What follows upon messages, as each WAHA engine would tell it: edits, revocations, reactions, votes, answers."""

import time
from dataclasses import replace
from typing import Any

from infra.fakes.waha_events import Party, Said, envelope, message_id, payload

Event = dict[str, Any]


def make_edit(engine: str, edited: str, body: str, *, session: str = "default", **said: Any) -> Event:
    """Write that the message `edited` says `body` now; `said` are the fields of Said, of the edit itself."""
    action = _said(engine, said, body=body)
    if engine == "WEBJS":
        # It knows no message of the edit's own, and its time is that of the message.
        told = payload(engine, Said(**{**said, "body": body, "message_id": edited, "timestamp": action.timestamp - 60}))
        told["_data"] |= {"latestEditSenderTimestampMs": action.timestamp * 1000}
    else:
        told = payload(engine, action)
        _says(engine, told, edited, action, {"conversation": body})
    return _wrapped(engine, "message.edited", session, {**told, "editedMessageId": edited}, action)


def make_revocation(engine: str, revoked: str, *, session: str = "default", **said: Any) -> Event:
    """Write that the message `revoked` was taken back."""
    action = _said(engine, said)
    after = payload(engine, action) | {"body": "" if engine == "WEBJS" else None}
    if engine != "WEBJS":
        _says(engine, after, revoked, action, None)
    # WEBJS gives both the id of the revocation.
    before = after if engine == "WEBJS" else None
    told = {"after": after, "before": before, "revokedMessageId": revoked, "_data": after["_data"]}
    return _wrapped(engine, "message.revoked", session, told, action)


def edited_row(engine: str, said: Said, body: str, at: int) -> Event:
    """The row of a history that tells of an edit: the message's own on WEBJS, one of the edit's on the others."""
    if engine == "WEBJS":
        row = payload(engine, replace(said, body=body))
        return row | {"_data": row["_data"] | {"latestEditSenderTimestampMs": at * 1000}}
    told: Event = make_edit(engine, said.message_id, body, **_of(said, at))["payload"]
    return {name: value for name, value in told.items() if name != "editedMessageId"}


def revoked_row(engine: str, said: Said, at: int) -> Event:
    """The row of a history that tells of a revocation: WEBJS keeps the message's own, without its words."""
    if engine == "WEBJS":
        row = payload(engine, replace(said, body="", kind="text", media=None))
        return row | {"_data": row["_data"] | {"type": "revoked"}}
    told: Event = make_revocation(engine, said.message_id, **_of(said, at))["payload"]["after"]
    return told


def _of(said: Said, at: int) -> dict[str, Any]:
    """The fields of something done to that message, in its chat and by its author."""
    names = ("customer", "me", "group", "chat", "from_me", "addressing")
    return {name: getattr(said, name) for name in names} | {"timestamp": at}


def make_reaction(
    engine: str, reacted_to: str, emoji: str, *, theirs: bool = False, session: str = "default", **said: Any
) -> Event:
    """Write a reaction to our message `reacted_to`, or to one of `theirs`; an empty emoji takes it back."""
    action = _said(engine, said)
    who = _who(action)
    sides = {"from": action.chat_address, "to": action.author, "participant": action.author}
    if engine == "WEBJS":
        sides = dict.fromkeys(sides, who)
    if engine == "NOWEB" and not action.group:
        sides = {"from": action.chat_address}
    told = {
        "id": action.id,
        "timestamp": action.timestamp + 0.25 if engine == "WEBJS" else action.timestamp,
        "fromMe": action.from_me,
        "source": action.source,
        **sides,
        "reaction": {"text": emoji, "messageId": _full(action, reacted_to, from_me=not theirs)},
    }
    return _wrapped(engine, "message.reaction", session, told, action)


def make_vote(
    engine: str, poll: str, options: list[str], *, failed: bool = False, session: str = "default", **said: Any
) -> Event:
    """Write what somebody has chosen by now in our poll; a vote that failed cannot be read."""
    action = _said(engine, said)
    vote = {
        "id": action.id,
        "to": action.group or "me",
        "from": "me" if action.from_me else action.chat_address,
        "fromMe": action.from_me,
        "selectedOptions": [] if failed else options,
        "timestamp": action.timestamp * (1000 if engine == "GOWS" else 1),
        **({"participant": action.author} if action.group else {}),
    }
    ours = {"id": _full(action, poll, from_me=True), "to": action.chat_address, "from": "me", "fromMe": True}
    told = {"vote": vote, "poll": ours, "_data": {}}
    return _wrapped(engine, "poll.vote.failed" if failed else "poll.vote", session, told, action)


def make_answer(
    engine: str, invitation: str, response: str | None, *, guests: int = 0, session: str = "default", **said: Any
) -> Event:
    """Write whether somebody comes (GOING NOT_GOING MAYBE); None is an answer that cannot be read."""
    action = _said(engine, said)
    key = {"id": f"false_{action.me.phone_address}_{invitation}", "to": "me", "from": action.me.phone_address}
    answer = {"response": response, "timestampMs": action.timestamp * 1000 + 7, "extraGuestCount": guests}
    told = payload(engine, action) | {
        "eventCreationKey": {**key, "fromMe": False},
        **({"eventResponse": answer} if response else {}),
    }
    return _wrapped(engine, "event.response" if response else "event.response.failed", session, told, action)


def _said(engine: str, said: dict[str, Any], **more: Any) -> Said:
    return Said(**{"timestamp": int(time.time()), "message_id": message_id(engine), **more, **said})


def _wrapped(engine: str, event: str, session: str, told: dict[str, Any], said: Said) -> Event:
    return envelope(engine, event, session, told, me=said.me, at=said.timestamp * 1000 + 123)


def _says(engine: str, told: dict[str, Any], about: str, said: Said, edited: dict[str, Any] | None) -> None:
    """Put the engine's own message about another message into a payload."""
    names = ("remoteJID", "ID", "timestampMS") if engine == "GOWS" else ("remoteJid", "id", "timestampMs")
    key = {names[0]: said.chat_address, "fromMe": said.from_me, names[1]: about}
    change = {"type": 14, "editedMessage": edited, names[2]: said.timestamp * 1000} if edited else {"type": 0}
    told["_data"]["Message" if engine == "GOWS" else "message"] = {"protocolMessage": {"key": key, **change}}


def _who(said: Said) -> str:
    party: Party = said.me if said.from_me else said.customer
    return party.address(said.addressing)


def _full(said: Said, bare: str, *, from_me: bool) -> str:
    author = said.author if said.group else None
    return "_".join(filter(None, (str(from_me).lower(), said.chat_address, bare, author)))
