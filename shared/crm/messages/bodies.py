"""What can be sent, as request bodies say it: one for each type, told apart by `type`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from shared.crm.messages.cards import vcard
from shared.crm.messages.model import LONGEST_CAPTION, LONGEST_TEXT
from shared.kernel.errors import Invalid
from shared.kernel.inbound import Card, Location, Media, MessageType
from shared.kernel.outbound import Choice, Draft, Manner, Menu, MenuSection, Poll
from shared.kernel.values import Name, PhoneNumber, Url
from shared.providers.urls import check_url
from shared.runtime.parsing import Body
from shared.runtime.settings import settings

LONGEST_ABOVE = 1024
MOST_CARDS, MOST_OPTIONS, MOST_CHOICES, MOST_MENTIONS = 10, 12, 10, 256
PLAIN = r"\S"


def _may_be_fetched(url: Url) -> Url:
    check_url(url, allow=settings().allowed_addresses, own=settings().own_addresses)
    return url


Words = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=PLAIN, examples=["Bom dia! Já vou ver."])]
Caption = Annotated[
    str, Field(min_length=1, max_length=LONGEST_CAPTION, pattern=PLAIN, examples=["O cardápio de hoje"])
]
Above = Annotated[str, Field(min_length=1, max_length=LONGEST_ABOVE, pattern=PLAIN, examples=["O que vai ser?"])]
Short = Annotated[str, Field(min_length=1, max_length=24, pattern=PLAIN, examples=["Bolo de cenoura"])]
Footer = Annotated[str, Field(min_length=1, max_length=60, pattern=PLAIN, examples=["Padaria Aurora"])]
FileUrl = Annotated[
    Url,
    AfterValidator(_may_be_fetched),
    Field(
        description="Where the file lies, https and public: the WAHA server fetches it there when it is sent, and "
        "afterwards a copy is kept here.",
        examples=["https://example.com/files/menu.jpg"],
    ),
]
FileName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$", examples=["cardapio.pdf"])]
Mimetype = Annotated[
    str,
    Field(
        pattern=r"^[a-z]+/[a-z0-9.+-]{1,100}(; ?[a-z]+=[a-z0-9.-]{1,40})?$",
        description="What kind of file it is; read from its name if you do not say.",
        examples=["image/jpeg"],
    ),
]


class Addressed(Body):
    """Where a message goes."""

    chat_id: UUID | None = Field(
        None,
        description="Where to write; else give a contact and a channel.",
        examples=["01957f3e-8a10-7b0f-93f6-b9caffe910cb"],
    )
    contact_id: UUID | None = None
    channel_id: UUID | None = None


class Written(Addressed):
    reply_to: UUID | None = Field(None, description="The message of the same chat that this one answers.")

    def draft(self) -> Draft:
        """What it says."""
        raise NotImplementedError


class NewText(Written):
    type: Literal["text"] = "text"
    text: Words
    link_preview: bool = Field(default=True, description="Whether the first link is shown with a preview.")
    large_preview: bool = Field(default=False, description="Whether that preview has a large picture.")
    mentions: list[PhoneNumber] = Field(
        default=[],
        max_length=MOST_MENTIONS,
        description="Members of the group whom the text names, each as `@` and the digits of the phone.",
    )

    @model_validator(mode="after")
    def _names_whom_it_mentions(self) -> Self:
        if missing := [phone for phone in self.mentions if f"@{phone.removeprefix('+')}" not in self.text]:
            raise Invalid(f"whoever is mentioned stands in the text too, as in @{missing[0].removeprefix('+')}")
        return self

    def draft(self) -> Draft:
        manner = Manner(
            link_preview=self.link_preview,
            large_preview=self.large_preview,
            mentions=tuple(f"{phone.removeprefix('+')}@c.us" for phone in self.mentions),
        )
        return Draft(type=MessageType.TEXT, text=self.text, manner=manner if manner != Manner() else None)


class Filed(Written):
    """What has a file: one that was uploaded here, or one that lies at an address."""

    url: FileUrl | None = Field(None, examples=["https://example.com/files/menu.jpg"])
    media_id: UUID | None = Field(None, description="A file that was uploaded here, instead of a URL.")
    mimetype: Mimetype | None = None
    file_name: FileName | None = None

    @model_validator(mode="after")
    def _has_one_file(self) -> Self:
        if (self.url is None) == (self.media_id is None):
            raise Invalid("give either url or media_id")
        return self

    def file(self) -> dict[str, Any]:
        """The fields of a draft that say which file it is."""
        url = str(self.url) if self.url else None
        return {
            "media": Media(url=url, mimetype=self.mimetype, file_name=self.file_name),
            "file_id": self.media_id,
        }


class NewImage(Filed):
    type: Literal["image"]
    caption: Caption | None = None

    def draft(self) -> Draft:
        return Draft(type=MessageType.IMAGE, text=self.caption, **self.file())


class NewVideo(Filed):
    type: Literal["video"]
    caption: Caption | None = None
    as_note: bool = Field(default=False, description="Whether it is shown as a round video note.")

    def draft(self) -> Draft:
        manner = Manner(as_note=True) if self.as_note else None
        return Draft(type=MessageType.VIDEO, text=self.caption, **self.file(), manner=manner)


class NewVoice(Filed):
    """Played as a voice message; WAHA converts what is not Opus in Ogg."""

    type: Literal["voice"]

    def draft(self) -> Draft:
        return Draft(type=MessageType.VOICE, **self.file())


class NewAudio(Filed):
    """A sound that is sent as a file."""

    type: Literal["audio"]

    def draft(self) -> Draft:
        return Draft(type=MessageType.AUDIO, **self.file())


class NewDocument(Filed):
    type: Literal["document"]
    caption: Caption | None = None

    def draft(self) -> Draft:
        return Draft(type=MessageType.DOCUMENT, text=self.caption, **self.file())


class NewLocation(Written):
    type: Literal["location"]
    latitude: float = Field(ge=-90, le=90, examples=[-23.5505])
    longitude: float = Field(ge=-180, le=180, examples=[-46.6333])
    name: Name | None = Field(None, examples=["Padaria Aurora"])

    def draft(self) -> Draft:
        place = Location(latitude=_degrees(self.latitude), longitude=_degrees(self.longitude), name=self.name)
        return Draft(type=MessageType.LOCATION, location=place)


class CardBody(Body):
    name: Name
    phone: PhoneNumber
    organization: Name | None = None


class NewContactCard(Written):
    type: Literal["contact"]
    contacts: list[CardBody] = Field(min_length=1, max_length=MOST_CARDS)

    def draft(self) -> Draft:
        cards = tuple(Card(vcard=vcard(each.name, each.phone, each.organization)) for each in self.contacts)
        return Draft(type=MessageType.CONTACT, cards=cards)


class NewPoll(Written):
    type: Literal["poll"]
    question: str = Field(min_length=1, max_length=255, pattern=PLAIN, examples=["Qual bolo?"])
    options: list[Annotated[str, Field(min_length=1, max_length=100, pattern=PLAIN)]] = Field(
        min_length=2, max_length=MOST_OPTIONS, examples=[["Cenoura", "Fubá"]]
    )
    multiple_answers: bool = False

    @model_validator(mode="after")
    def _differ(self) -> Self:
        _differing("options", self.options)
        return self

    def draft(self) -> Draft:
        poll = Poll(name=self.question, options=self.options, multiple_answers=self.multiple_answers)
        return Draft(type=MessageType.POLL, text=self.question, poll=poll)


class ChoiceBody(Body):
    id: str = Field(min_length=1, max_length=200, pattern=PLAIN, examples=["cenoura"])
    title: Short
    description: Annotated[str, Field(min_length=1, max_length=72, pattern=PLAIN)] | None = None

    def choice(self) -> Choice:
        return Choice(id=self.id, title=self.title, description=self.description)


class SectionBody(Body):
    title: Short
    rows: list[ChoiceBody] = Field(min_length=1, max_length=MOST_CHOICES)


class NewList(Written):
    """A list to choose from; only to a person, and only on the engines NOWEB and GOWS."""

    type: Literal["list"]
    title: Annotated[str, Field(min_length=1, max_length=60, pattern=PLAIN, examples=["Cardápio"])]
    text: Above
    button: Annotated[str, Field(min_length=1, max_length=20, pattern=PLAIN, examples=["Escolher"])]
    footer: Footer | None = None
    sections: list[SectionBody] = Field(min_length=1, max_length=MOST_CHOICES)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        ids = [row.id for section in self.sections for row in section.rows]
        if len(ids) > MOST_CHOICES:
            raise Invalid(f"a list has at most {MOST_CHOICES} rows, whatever their sections")
        _differing("the ids of the rows", ids)
        return self

    def draft(self) -> Draft:
        sections = [
            MenuSection(title=each.title, choices=[row.choice() for row in each.rows]) for each in self.sections
        ]
        menu = Menu(title=self.title, label=self.button, sections=sections, footer=self.footer)
        return Draft(type=MessageType.LIST, text=self.text, menu=menu)


class ButtonBody(Body):
    id: str = Field(min_length=1, max_length=200, pattern=PLAIN, examples=["sim"])
    title: Short


class NewButtons(Written):
    """A few answers to choose from: shown as a list where the engine has lists, else as lines with numbers."""

    type: Literal["buttons"]
    title: Annotated[str, Field(min_length=1, max_length=60, pattern=PLAIN)] | None = None
    text: Above
    buttons: list[ButtonBody] = Field(min_length=1, max_length=MOST_CHOICES)
    button: Annotated[str, Field(min_length=1, max_length=20, pattern=PLAIN)] = Field(
        "Opções", description="What the list is opened by, where it is one."
    )
    footer: Footer | None = None

    @model_validator(mode="after")
    def _differ(self) -> Self:
        _differing("the ids of the buttons", [each.id for each in self.buttons])
        return self

    def draft(self) -> Draft:
        choices = [Choice(id=each.id, title=each.title) for each in self.buttons]
        menu = Menu(
            title=self.title or "",
            label=self.button,
            sections=[MenuSection(title=self.button, choices=choices)],
            footer=self.footer,
        )
        return Draft(type=MessageType.BUTTONS, text=self.text, menu=menu)


def _degrees(value: float) -> str:
    return f"{value:.7f}".rstrip("0").rstrip(".")


def _differing(what: str, values: list[str]) -> None:
    if len(set(values)) != len(values):
        raise Invalid(f"{what} must differ from each other")


def type_of(given: Any) -> str:
    """What `type` says; a text when it says nothing."""
    told = given.get("type", "text") if isinstance(given, Mapping) else getattr(given, "type", "text")
    return f"<{told}>"


NewMessage = Annotated[
    Annotated[NewText, Tag("<text>")]
    | Annotated[NewImage, Tag("<image>")]
    | Annotated[NewVideo, Tag("<video>")]
    | Annotated[NewVoice, Tag("<voice>")]
    | Annotated[NewAudio, Tag("<audio>")]
    | Annotated[NewDocument, Tag("<document>")]
    | Annotated[NewLocation, Tag("<location>")]
    | Annotated[NewContactCard, Tag("<contact>")]
    | Annotated[NewPoll, Tag("<poll>")]
    | Annotated[NewList, Tag("<list>")]
    | Annotated[NewButtons, Tag("<buttons>")],
    Discriminator(
        type_of,
        custom_error_type="unknown_type",
        custom_error_message="`type` is one of text, image, video, voice, audio, document, location, contact, poll, "
        "list, buttons",
    ),
]
