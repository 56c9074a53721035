"""The shapes of what is to be said to a chat, in no provider's words."""

from dataclasses import dataclass
from uuid import UUID

from shared.kernel.inbound import Card, Location, Media, MessageType


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """A question and the answers to choose from."""

    name: str
    options: list[str]
    multiple_answers: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One line of a menu; `id` comes back when somebody chooses it."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuSection:
    title: str
    choices: list[Choice]


@dataclass(frozen=True, kw_only=True, slots=True)
class Menu:
    """Something to choose from: a list that opens, or a few buttons. `label` is what the list is opened by."""

    title: str
    label: str
    sections: list[MenuSection]
    footer: str | None = None

    @property
    def choices(self) -> list[Choice]:
        return [choice for section in self.sections for choice in section.choices]


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How a message is to be sent: with a preview of its link, naming people, as a round video."""

    link_preview: bool = True
    large_preview: bool = False
    mentions: tuple[str, ...] = ()
    as_note: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a message is to say; of the parts those are there that its type needs.

    `text` is the text itself, the caption of a file, or what stands above a menu. `file_id` is the file in our own
    store, where it is one.
    """

    type: MessageType
    text: str | None = None
    media: Media | None = None
    file_id: UUID | None = None
    location: Location | None = None
    cards: tuple[Card, ...] = ()
    poll: Poll | None = None
    menu: Menu | None = None
    manner: Manner | None = None


def words(text: str) -> Draft:
    """A plain text to be sent as it is."""
    return Draft(type=MessageType.TEXT, text=text)
