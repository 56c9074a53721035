"""The shapes every provider's parser produces: what arrived, said without any provider's words."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.kernel.identities import Identity


class ChatKind(StrEnum):
    INDIVIDUAL = "individual"
    GROUP = "group"
    STATUS = "status"
    NEWSLETTER = "newsletter"


class MessageType(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    LIST = "list"
    BUTTONS = "buttons"
    EVENT = "event"
    UNKNOWN = "unknown"


class MissingMedia(StrEnum):
    """Why a media message came without its file."""

    NOT_DOWNLOADED = "not_downloaded"
    DOWNLOAD_FAILED = "download_failed"
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    identities: tuple[Identity, ...]
    name: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """A file as the provider tells of it; `url` is None exactly when `missing_reason` says why."""

    url: str | None = None
    mimetype: str | None = None
    file_name: str | None = None
    size_bytes: int | None = None
    duration_seconds: int | None = None
    sha256: str | None = None
    missing_reason: MissingMedia | None = None
    error: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """Degrees as decimal strings, as exact as they were sent."""

    latitude: str
    longitude: str
    name: str | None = None
    address: str | None = None
    live: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    vcard: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InboundMessage:
    """A message of a chat, written by the customer, a group participant or ourselves.

    `external_id` is the id all events of the message share; `provider_id` is the id as it was sent.
    `chat_addresses` are all the addresses of the chat that the payload reveals, `chat_address` among them, sorted.
    A placeholder says that a message came which cannot be read yet; the message itself may follow under the same id.
    `customer` is the other side of an individual chat; `sender` is who wrote it, None when we did.
    """

    external_id: str
    provider_id: str
    chat_kind: ChatKind
    chat_address: str
    chat_addresses: tuple[str, ...]
    customer: Person | None
    sender: Person | None
    from_me: bool
    sent_by_api: bool | None
    type: MessageType
    text: str | None
    media: Media | None
    location: Location | None
    cards: tuple[Card, ...]
    quoted_external_id: str | None
    sent_at: datetime | None
    ack: int | None
    is_placeholder: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """How far messages have come: -1 failed, 0 pending, 1 sent, 2 delivered, 3 read, 4 played.

    `participant` is who received or read them in a group.
    """

    external_ids: tuple[str, ...]
    chat_address: str
    chat_kind: ChatKind
    level: int
    from_me: bool | None
    participant: Person | None
    at: datetime | None


class ReactionKind(StrEnum):
    """An emoji, a choice among a poll's options, or an answer to an invitation."""

    EMOJI = "emoji"
    VOTE = "vote"
    ANSWER = "answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A message says something else. Of two edits the later has the greater `stamp`; the same one has the same."""

    external_id: str
    text: str | None
    at: datetime | None
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Revocation:
    """A message was taken back for everyone."""

    external_id: str
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """All that somebody says to a message by now: it replaces what they said before. `person` is None when it is us.

    `value` is an emoji; a list of the options chosen; or `{"response": "GOING", "guests": 0}`. None: an emoji was
    taken back, or the vote or answer cannot be read.
    """

    external_id: str
    kind: ReactionKind
    chat_address: str
    person: Person | None
    value: str | list[str] | dict[str, Any] | None
    at: datetime | None
    stamp: str


class GroupRole(StrEnum):
    PARTICIPANT = "participant"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"


class Membership(StrEnum):
    """What members of a group do; `listed`: these are all of them, and nobody else is one."""

    JOINED = "joined"
    LEFT = "left"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    LISTED = "listed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    person: Person
    role: GroupRole | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupChange:
    """What a group is called by now, what its members do, and whether we joined or left; None: nothing is said of it.

    `members` are without us.
    """

    chat_address: str
    subject: str | None = None
    description: str | None = None
    doing: Membership | None = None
    members: tuple[Member, ...] = ()
    ours: Membership | None = None
    at: datetime | None
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatArchived:
    """A chat was put away, or taken out again."""

    chat_address: str
    is_archived: bool
    at: datetime | None
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A label of the channel, by the provider's own id; `color` is as the provider spells it ("#00a0f2")."""

    label: str
    name: str
    color: str | None
    is_deleted: bool
    at: datetime | None
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatLabel:
    """A label was put on a chat, or taken off; `definition` says what it is called, where that is said."""

    label: str
    chat_address: str
    is_on: bool
    definition: Label | None
    at: datetime | None
    stamp: str


class CallStage(StrEnum):
    """`rejected` is also said of a call that nobody took, and of one that ended."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    external_id: str
    stage: CallStage
    person: Person | None
    is_video: bool
    is_group: bool
    at: datetime | None


class PresenceState(StrEnum):
    ONLINE = "online"
    OFFLINE = "offline"
    TYPING = "typing"
    RECORDING = "recording"
    PAUSED = "paused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Presence:
    """How people are seen just now, each with when they were last online, where that is said."""

    people: tuple[tuple[Person, PresenceState, datetime | None], ...]
    at: datetime | None
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Introduction:
    """Somebody goes by this name."""

    person: Person


@dataclass(frozen=True, kw_only=True, slots=True)
class ConnectionState:
    """The provider's word for how the channel is connected, and the phone it is connected with."""

    status: str
    phone: Identity | None
    at: datetime | None


Content = (
    InboundMessage
    | Receipt
    | Edit
    | Revocation
    | Reaction
    | GroupChange
    | ChatArchived
    | Label
    | ChatLabel
    | Call
    | Presence
    | Introduction
    | ConnectionState
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One webhook call. No content and no problem: an event nobody here handles; `is_foreseen` if that is known."""

    event: str
    event_id: str | None
    session: str | None
    phone: str | None  # of the number that it came to, as E.164
    engine: str | None
    at: datetime | None
    content: Content | None
    problem: str | None
    is_foreseen: bool = True
