"""A webhook body of WAHA, read whatever its engine, version or state."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import CallStage, ConnectionState, Content, Delivery
from shared.providers.waha.changes import read_answer, read_edit, read_reaction, read_revocation, read_vote
from shared.providers.waha.fields import dig, integer, items, key, mapping, moment
from shared.providers.waha.groups import (
    read_join,
    read_leave,
    read_old_join,
    read_old_leave,
    read_participants,
    read_update,
)
from shared.providers.waha.ids import identity
from shared.providers.waha.messages import Setting, Unreadable, own_addresses, read_placeholder
from shared.providers.waha.notices import read_written
from shared.providers.waha.receipts import read_receipt
from shared.providers.waha.signs import (
    read_archive,
    read_call,
    read_chat_label,
    read_contact,
    read_engine_state,
    read_label,
    read_presence,
)

STATES = {"session.status"}
READERS: dict[str, Callable[[Mapping[str, Any], Setting], Content | None]] = {
    "message": read_written,
    "message.any": read_written,
    "message.waiting": read_placeholder,
    "message.ack": read_receipt,
    "message.ack.group": read_receipt,
    "message.edited": read_edit,
    "message.revoked": read_revocation,
    "message.reaction": read_reaction,
    "poll.vote": partial(read_vote, is_readable=True),
    "poll.vote.failed": partial(read_vote, is_readable=False),
    "event.response": read_answer,
    "event.response.failed": read_answer,
    "group.v2.join": read_join,
    "group.v2.leave": read_leave,
    "group.v2.update": read_update,
    "group.v2.participants": read_participants,
    "group.join": read_old_join,
    "group.leave": read_old_leave,
    "call.received": partial(read_call, stage=CallStage.RECEIVED),
    "call.accepted": partial(read_call, stage=CallStage.ACCEPTED),
    "call.rejected": partial(read_call, stage=CallStage.REJECTED),
    "presence.update": read_presence,
    "chat.archive": read_archive,
    "chat.archived": read_archive,
    "contact.changed": read_contact,
    "label.upsert": partial(read_label, is_deleted=False),
    "label.deleted": partial(read_label, is_deleted=True),
    "label.chat.added": partial(read_chat_label, is_on=True),
    "label.chat.deleted": partial(read_chat_label, is_on=False),
    "state.change": read_engine_state,
}
# What only says how the engine works changes nothing here.
WITHOUT_EFFECT = {"engine.event"}
FORESEEN = frozenset({*READERS, *STATES, *WITHOUT_EFFECT})


class NotJson(ValueError):
    """The body is not JSON."""


def read_delivery(body: bytes) -> Delivery:
    """Read one webhook body. Raises NotJson when it is not JSON, and never anything else."""
    envelope, unreadable = _parse(body)
    setting = Setting(
        engine=_engine(envelope), own=own_addresses(envelope.get("me")), at=moment(envelope.get("timestamp"))
    )
    event, own = key(envelope.get("event")) or "", _own_phone(envelope.get("me"))
    content, problem = _understand(event, envelope, setting)
    return Delivery(
        event=event,
        event_id=key(envelope.get("id")),
        session=key(envelope.get("session")),
        phone=own.value if own else None,
        engine=setting.engine,
        at=setting.at,
        content=content,
        problem=unreadable or problem,
        is_foreseen=not event or event in FORESEEN,
    )


def _parse(body: bytes) -> tuple[Mapping[str, Any], str | None]:
    """UTF-8, or UTF-16 and UTF-32 as JSON allows them; a broken character becomes U+FFFD."""
    try:
        found = json.loads(
            body.decode(json.detect_encoding(body), "replace"),
            parse_int=integer,
        )
    except RecursionError:
        return {}, "The body is nested too deeply to be read."
    except ValueError as error:
        raise NotJson("The body is not JSON.") from error
    return (found, None) if isinstance(found, dict) else ({}, "The body is JSON but not an object.")


def _engine(envelope: Mapping[str, Any]) -> str | None:
    """GOWS leaves the engine out of the top level; the oldest releases name it nowhere, but their data shows it."""
    named = key(envelope.get("engine")) or key(dig(envelope, "environment", "engine"))
    if named:
        return named.upper()
    raw = mapping(dig(envelope, "payload", "_data"))
    shapes = {"Info": "GOWS", "key": "NOWEB"}
    return next((engine for sign, engine in shapes.items() if isinstance(raw.get(sign), dict)), None)


def _understand(event: str, envelope: Mapping[str, Any], setting: Setting) -> tuple[Content | None, str | None]:
    if not event:
        return None, "The delivery does not name its event."
    try:
        return _content(event, envelope, setting), None
    except Unreadable as problem:
        return None, str(problem)
    except Exception:  # noqa: BLE001 - a payload that no reader foresaw is kept; refused, it would only come again
        return None, "The payload could not be read."


def _content(event: str, envelope: Mapping[str, Any], setting: Setting) -> Content | None:
    if event in STATES:
        return read_state(mapping(envelope.get("payload")), envelope.get("me"), setting.at)
    read = READERS.get(event)
    return read(mapping(envelope.get("payload")), setting) if read else None


def read_state(payload: Mapping[str, Any], me: object, at: datetime | None) -> ConnectionState:
    """Read a session's status and whose phone it is; raises Unreadable without a status."""
    status = key(payload.get("status"))
    if status is None:
        raise Unreadable("The session's status is missing.")
    return ConnectionState(status=status.upper(), phone=_own_phone(me), at=at or _last(payload))


def _own_phone(me: object) -> Identity | None:
    known = (identity(dig(me, name)) for name in ("id", "jid"))
    return next((each for each in known if each and each.kind is IdentityKind.PHONE), None)


def _last(payload: Mapping[str, Any]) -> datetime | None:
    """When the newest of the listed statuses began."""
    listed = items(payload.get("statuses"))
    return moment(dig(listed[-1], "timestamp")) if listed else None
