"""Who a message is from and how far it has come."""

from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class SenderKind(StrEnum):
    CONTACT = "contact"
    USER = "user"
    PHONE = "phone"
    BOT = "bot"
    SYSTEM = "system"
    IMPORT = "import"


class MessageStatus(StrEnum):
    RECEIVED = "received"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Level(StrEnum):
    """How far a receipt says a message has come."""

    FAILED = "failed"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"


READ = 3
LEVELS = {-1: Level.FAILED, 1: Level.SENT, 2: Level.DELIVERED, READ: Level.READ, 4: Level.PLAYED}
RANK = {
    MessageStatus.QUEUED: 0,
    MessageStatus.SENDING: 0,
    MessageStatus.UNKNOWN: 0,
    MessageStatus.FAILED: 0,
    MessageStatus.CANCELLED: 0,
    MessageStatus.SENT: 1,
    MessageStatus.DELIVERED: 2,
    MessageStatus.READ: 3,
    MessageStatus.PLAYED: 4,
}
UNDELIVERED = {MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageStatus.SENT}
