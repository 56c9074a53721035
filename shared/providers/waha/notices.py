"""What WhatsApp itself puts among the messages of a chat, and nobody wrote."""

from collections.abc import Mapping
from typing import Any

from shared.kernel.inbound import InboundMessage
from shared.providers.waha.fields import dig, mapping, text
from shared.providers.waha.media import content
from shared.providers.waha.messages import Setting, read_message

NOT_WRITTEN = {
    "e2e_notification",
    "notification",
    "notification_template",
    "gp2",
    "broadcast_notification",
    "call_log",
    "protocol",
    "reaction",
    "reaction_enc",
    "keep_in_chat",
    "pinned_message",
    "poll_update",
}
NOT_WRITTEN_PARTS = {
    "protocolMessage",
    "reactionMessage",
    "encReactionMessage",
    "senderKeyDistributionMessage",
    "pollUpdateMessage",
    "keepInChatMessage",
    "pinInChatMessage",
    "messageContextInfo",
}


def was_written(payload: Any) -> bool:
    """Whether a row is something that somebody wrote, and no notice of WhatsApp's own."""
    raw = mapping(payload.get("_data"))
    kinds = {text(raw.get("type")), text(dig(raw, "Info", "Type"))}
    if kinds & NOT_WRITTEN or raw.get("messageStubType"):
        return False
    parts = set(content(payload))
    return not parts or not parts <= NOT_WRITTEN_PARTS


def read_written(payload: Mapping[str, Any], setting: Setting) -> InboundMessage | None:
    """Read a message; None for a notice, unless it has words after all. Raises Unreadable as reading one does."""
    return read_message(payload, setting) if was_written(payload) or text(payload.get("body")) else None
