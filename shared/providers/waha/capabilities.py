"""What each engine of WAHA can do, as data; read from its release 2026.7.1.

Buttons are on no engine: WAHA calls them deprecated and does not promise that they arrive. See `rendering`.
"""

from enum import StrEnum

from shared.kernel.inbound import MessageType


class Operation(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"
    LIST = "list"
    FORWARD = "forward"
    REACTION = "reaction"
    EDIT = "edit"
    RECALL = "recall"
    SEEN = "seen"
    TYPING = "typing"
    ARCHIVE = "archive"
    LABEL = "label"
    GROUP = "group"
    CREATE_GROUP = "create_group"


class Reach(StrEnum):
    """To whom an engine can do a thing."""

    EVERYBODY = "everybody"
    PERSONS = "persons"
    NOBODY = "nobody"


_ALL = dict.fromkeys(Operation, Reach.EVERYBODY)
REACH: dict[str, dict[Operation, Reach]] = {
    "WEBJS": {**_ALL, Operation.LIST: Reach.NOBODY},
    "WPP": {**_ALL, Operation.LIST: Reach.NOBODY},
    "NOWEB": {**_ALL, Operation.LIST: Reach.PERSONS},
    "GOWS": {
        **_ALL,
        Operation.LIST: Reach.PERSONS,
        Operation.FORWARD: Reach.NOBODY,
        Operation.ARCHIVE: Reach.NOBODY,
    },
}
# Which sends may bring an id of our choosing, so that a message is known again exactly.
_WITH_ID = {Operation.TEXT, Operation.LOCATION, Operation.CONTACT, Operation.POLL, Operation.FORWARD}
TAKES_ID: dict[str, set[Operation]] = {"WEBJS": set(), "WPP": set(), "NOWEB": _WITH_ID, "GOWS": _WITH_ID}


def can(engine: str, operation: Operation, *, group: bool) -> bool:
    """Whether the engine can do it in a chat with a person, or in a group."""
    reach = REACH[engine][operation]
    return reach is Reach.EVERYBODY or (reach is Reach.PERSONS and not group)


def takes_id(engine: str, type: MessageType, *, forwarded: bool = False) -> bool:
    """Whether a message of that type can be sent under an id of ours."""
    operation = Operation.FORWARD if forwarded else _SENT_AS.get(type)
    return operation in TAKES_ID[engine]


_SENT_AS = {kind: Operation(kind.value) for kind in MessageType if kind.value in set(Operation)}
