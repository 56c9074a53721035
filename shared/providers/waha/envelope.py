"""A webhook body of WAHA, read whatever its engine, version or state."""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.inbound import ConnectionState, Delivery, InboundMessage, Receipt
from shared.providers.waha.fields import dig, items, key, mapping, moment
from shared.providers.waha.ids import identity
from shared.providers.waha.messages import Setting, Unreadable, own_addresses, read_message
from shared.providers.waha.receipts import read_receipt

MESSAGES = {"message", "message.any"}
RECEIPTS = {"message.ack", "message.ack.group"}
STATES = {"session.status"}
LONGEST_INTEGER = 4000


class NotJson(ValueError):
    """The body is not JSON."""


def read_delivery(body: bytes) -> Delivery:
    """Read one webhook body. Raises NotJson when it is not JSON, and never anything else."""
    envelope, unreadable = _parse(body)
    setting = Setting(
        engine=_engine(envelope), own=own_addresses(envelope.get("me")), at=moment(envelope.get("timestamp"))
    )
    event = key(envelope.get("event")) or ""
    content, problem = _understand(event, envelope, setting)
    return Delivery(
        event=event,
        event_id=key(envelope.get("id")),
        session=key(envelope.get("session")),
        engine=setting.engine,
        at=setting.at,
        content=content,
        problem=unreadable or problem,
    )


def _parse(body: bytes) -> tuple[Mapping[str, Any], str | None]:
    """UTF-8, or UTF-16 and UTF-32 as JSON allows them; a broken character becomes U+FFFD."""
    try:
        found = json.loads(
            body.decode(json.detect_encoding(body), "replace"),
            parse_int=lambda digits: int(digits) if len(digits) < LONGEST_INTEGER else math.inf,
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


def _understand(
    event: str, envelope: Mapping[str, Any], setting: Setting
) -> tuple[InboundMessage | Receipt | ConnectionState | None, str | None]:
    if not event:
        return None, "The delivery does not name its event."
    payload = envelope.get("payload")
    try:
        return _content(event, mapping(payload), envelope, setting), None
    except Unreadable as problem:
        return None, str(problem)


def _content(
    event: str, payload: Mapping[str, Any], envelope: Mapping[str, Any], setting: Setting
) -> InboundMessage | Receipt | ConnectionState | None:
    if event in MESSAGES:
        return read_message(payload, setting)
    if event in RECEIPTS:
        return read_receipt(payload, setting)
    return read_state(payload, envelope.get("me"), setting.at) if event in STATES else None


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
