"""What the rows of a history say was done to messages since: by rows of their own, or by the message's own row."""

from collections.abc import Mapping
from typing import Any

from shared.kernel.inbound import Edit, InboundMessage
from shared.kernel.stamps import stamp
from shared.providers.waha.changes import protocol_of, read_edit, read_revocation
from shared.providers.waha.fields import dig, mapping, moment, not_after, text
from shared.providers.waha.messages import Setting, Unreadable
from shared.providers.waha.pages import Change

BY_ROWS_OF_THEIR_OWN = {"GOWS", "NOWEB"}
ON_THE_MESSAGE = "WEBJS"
REVOKE, EDIT = (0, "REVOKE"), (14, "MESSAGE_EDIT")


def read_action(payload: Mapping[str, Any], setting: Setting) -> Change | None:
    """What was done to another message, where the row tells of that alone; None: of nothing, or not of what."""
    try:
        if setting.engine == ON_THE_MESSAGE and is_revoked(payload):
            return read_revocation({"after": payload, "before": payload}, setting)
        if setting.engine in BY_ROWS_OF_THEIR_OWN:
            return _read_protocol(payload, setting)
    except Unreadable:
        pass
    return None


def _read_protocol(payload: Mapping[str, Any], setting: Setting) -> Change | None:
    kind = protocol_of(payload).get("type")
    if kind in EDIT:
        return read_edit(payload, setting)
    return read_revocation({"after": payload}, setting) if kind in REVOKE else None


def is_revoked(payload: Mapping[str, Any]) -> bool:
    return text(dig(payload, "_data", "type")) == "revoked"


def read_own_edit(message: InboundMessage, payload: Mapping[str, Any], setting: Setting) -> Edit | None:
    """The edit that let a message say what its row says; a row without words takes none away."""
    at = moment(mapping(payload.get("_data")).get("latestEditSenderTimestampMs"))
    if setting.engine != ON_THE_MESSAGE or at is None or message.text is None:
        return None
    happened = not_after(at, setting.at)
    content = (message.external_id, message.text)
    return Edit(external_id=message.external_id, text=message.text, at=happened, stamp=stamp(happened, content=content))
