"""What a WAHA message carries: its kind, file, place and cards, by engine."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from shared.kernel.inbound import Card, Location, Media, MessageType, MissingMedia
from shared.providers.waha.fields import LONGEST_NAME, dig, flag, items, mapping, number, text, whole

LONGEST_URL = 4096
LONGEST_ERROR = 500
MOST_CARDS = 257
CARD = "BEGIN:VCARD"
ENCRYPTED = re.compile(r"https?://([^/?#]*[.@])?whatsapp\.net([:/?#]|$)", re.IGNORECASE)
DEEPEST_WRAPPING = 5
WRAPPERS = dict.fromkeys(
    (
        "ephemeralMessage",
        "viewOnceMessage",
        "viewOnceMessageV2",
        "viewOnceMessageV2Extension",
        "documentWithCaptionMessage",
        "deviceSentMessage",
        "groupMentionedMessage",
        "botInvokeMessage",
        "lottieStickerMessage",
        "associatedChildMessage",
        "editedMessage",
        "pollCreationMessageV4",
    )
)
PARTS = {
    "imageMessage": MessageType.IMAGE,
    "videoMessage": MessageType.VIDEO,
    "ptvMessage": MessageType.VIDEO,
    "audioMessage": MessageType.AUDIO,
    "documentMessage": MessageType.DOCUMENT,
    "stickerMessage": MessageType.STICKER,
    "locationMessage": MessageType.LOCATION,
    "liveLocationMessage": MessageType.LOCATION,
    "contactMessage": MessageType.CONTACT,
    "contactsArrayMessage": MessageType.CONTACT,
    "pollCreationMessage": MessageType.POLL,
    "pollCreationMessageV2": MessageType.POLL,
    "pollCreationMessageV3": MessageType.POLL,
    "pollCreationMessageV4": MessageType.POLL,
    "pollCreationMessageV5": MessageType.POLL,
    "eventMessage": MessageType.EVENT,
    "listMessage": MessageType.LIST,
    "buttonsMessage": MessageType.BUTTONS,
    "extendedTextMessage": MessageType.TEXT,
    "buttonsResponseMessage": MessageType.TEXT,
    "listResponseMessage": MessageType.TEXT,
    "templateButtonReplyMessage": MessageType.TEXT,
    "interactiveResponseMessage": MessageType.TEXT,
}
# Parts that are a text if they have one, and where they have it.
SAYINGS = (
    ("conversation",),
    ("interactiveMessage", "body", "text"),
    ("templateMessage", "hydratedTemplate", "hydratedContentText"),
    ("groupInviteMessage", "caption"),
    ("orderMessage", "message"),
)
NAMES = {
    "chat": MessageType.TEXT,
    "url": MessageType.TEXT,
    "image": MessageType.IMAGE,
    "video": MessageType.VIDEO,
    "gif": MessageType.VIDEO,
    "ptv": MessageType.VIDEO,
    "audio": MessageType.AUDIO,
    "ptt": MessageType.VOICE,
    "document": MessageType.DOCUMENT,
    "sticker": MessageType.STICKER,
    "location": MessageType.LOCATION,
    "livelocation": MessageType.LOCATION,
    "live_location": MessageType.LOCATION,
    "vcard": MessageType.CONTACT,
    "multi_vcard": MessageType.CONTACT,
    "contact_array": MessageType.CONTACT,
    "poll_creation": MessageType.POLL,
    "list": MessageType.LIST,
    "event_creation": MessageType.EVENT,
}
STICKER_FILES = ("image/webp", "application/was")
FILES = {
    MessageType.IMAGE,
    MessageType.VIDEO,
    MessageType.AUDIO,
    MessageType.VOICE,
    MessageType.DOCUMENT,
    MessageType.STICKER,
}


def content(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Unwrap the engine's own message: GOWS says `Message`, NOWEB `message`, WEBJS has none."""
    raw = mapping(payload.get("_data"))
    inner = mapping(raw.get("Message")) or mapping(raw.get("message"))
    for _ in range(DEEPEST_WRAPPING):
        wrapped = next(
            (each for name in _names(inner, WRAPPERS) if (each := mapping(dig(inner, name, "message")))), None
        )
        if wrapped is None:
            break
        inner = wrapped
    return inner


def part(inner: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the one part that says what kind of message it is."""
    return next((mapping(inner[name]) for name in _names(inner, PARTS) if mapping(inner[name])), {})


def saying(inner: Mapping[str, Any]) -> str | None:
    """What it says in the parts that are a text at most."""
    return next(filter(None, (text(dig(inner, *place)) for place in SAYINGS)), None)


def _names(inner: Mapping[str, Any], known: Mapping[str, Any]) -> Iterable[str]:
    """The names that a message has, of those that are known, in our order; most messages have one or none."""
    return () if inner.keys().isdisjoint(known.keys()) else (name for name in known if name in inner)


def message_type(payload: Mapping[str, Any]) -> MessageType:
    """Believe what the engine says it is, unless it says less than the payload shows."""
    told = _told(payload)
    if told is None or told is MessageType.TEXT:
        return _shown(payload) or told or MessageType.UNKNOWN
    return told


def _told(payload: Mapping[str, Any]) -> MessageType | None:
    inner = content(payload)
    name = next((name for name in _names(inner, PARTS) if isinstance(inner[name], dict)), None)
    if name == "audioMessage":
        return MessageType.VOICE if inner[name].get("PTT") is True or inner[name].get("ptt") is True else PARTS[name]
    if name:
        return PARTS[name]
    if saying(inner):
        return MessageType.TEXT
    spoken = text(dig(payload, "_data", "Info", "MediaType")) or text(dig(payload, "_data", "type")) or ""
    return NAMES.get(spoken)


def _shown(payload: Mapping[str, Any]) -> MessageType | None:
    if read_location(payload):
        return MessageType.LOCATION
    if read_cards(payload):
        return MessageType.CONTACT
    if isinstance(payload.get("media"), dict) or payload.get("hasMedia") is True:
        return _by_mimetype(mimetype(payload) or "")
    return MessageType.TEXT if text(payload.get("body")) else None


def _by_mimetype(found: str) -> MessageType | None:
    """Guess from the file: WhatsApp sends no music as Ogg and no photo as WebP."""
    special = {"audio/ogg": MessageType.VOICE, **dict.fromkeys(STICKER_FILES, MessageType.STICKER)}
    if found in special:
        return special[found]
    families = {"image": MessageType.IMAGE, "video": MessageType.VIDEO, "audio": MessageType.AUDIO}
    return families.get(found.partition("/")[0], MessageType.DOCUMENT) if found else None


def mimetype(payload: Mapping[str, Any]) -> str | None:
    """Name the kind of file in lower case, without parameters."""
    places = (
        dig(payload, "media", "mimetype"),
        part(content(payload)).get("mimetype"),
        dig(payload, "_data", "mimetype"),
    )
    found = next(filter(None, (text(place, LONGEST_NAME) for place in places)), "")
    return found.partition(";")[0].strip().lower() or None


def read_media(payload: Mapping[str, Any], kind: MessageType) -> Media | None:
    """Read the file of the message, or why there is none; None when the message has no file to have."""
    media = mapping(payload.get("media"))
    expected = bool(media) or payload.get("hasMedia") is True
    if not expected and kind not in FILES:
        return None
    raw, told = mapping(payload.get("_data")), part(content(payload))
    url = _url(media.get("url")) or _old_url(payload)
    error = _error(media.get("error"))
    return Media(
        url=url,
        mimetype=mimetype(payload),
        file_name=_first_text(media.get("filename"), told.get("fileName"), told.get("title"), raw.get("filename")),
        size_bytes=_first_count(told.get("fileLength"), raw.get("size")),
        duration_seconds=_first_count(told.get("seconds"), raw.get("duration")),
        sha256=_first_text(told.get("fileSHA256"), told.get("fileSha256"), raw.get("filehash")),
        missing_reason=None if url else _missing(expected=expected, error=error),
        error=error,
    )


def _missing(*, expected: bool, error: str | None) -> MissingMedia:
    if error:
        return MissingMedia.DOWNLOAD_FAILED
    return MissingMedia.NOT_DOWNLOADED if expected else MissingMedia.ABSENT


def _url(raw: object) -> str | None:
    found = text(raw)
    return found if found and len(found) <= LONGEST_URL and re.match(r"https?://", found) else None


def _old_url(payload: Mapping[str, Any]) -> str | None:
    """The address that old releases give alone. Beside `media` it may be where WhatsApp keeps the file, encrypted."""
    found = None if "media" in payload else _url(payload.get("mediaUrl"))
    return None if found and ENCRYPTED.match(found) else found


def _error(raw: object) -> str | None:
    """Find the provider's words, however deep it puts them."""
    if not raw:
        return None
    places = (raw, dig(raw, "message"), *mapping(raw).values())
    return _first_text(*places, longest=LONGEST_ERROR) or "The provider could not download the file."


def _first_text(*places: object, longest: int = LONGEST_NAME) -> str | None:
    return next(filter(None, (text(place, longest) for place in places)), None)


def _first_count(*places: object) -> int | None:
    return next((found for place in places if (found := whole(place)) is not None), None)


def read_location(payload: Mapping[str, Any]) -> Location | None:
    """Read the place of a location message from the payload or from the engine's own message."""
    place, inner = mapping(payload.get("location")), content(payload)
    told = mapping(inner.get("locationMessage")) or mapping(inner.get("liveLocationMessage"))
    raw = mapping(payload.get("_data"))
    name, _, street = (text(raw.get("loc")) or "").partition("\n")
    latitude = _degrees(place.get("latitude"), told.get("degreesLatitude"), raw.get("lat"))
    if latitude is None:
        return None
    longitude = _degrees(place.get("longitude"), told.get("degreesLongitude"), raw.get("lng"))
    if longitude is None:
        return None
    return Location(
        latitude=latitude,
        longitude=longitude,
        name=_first_text(place.get("name"), told.get("name"), name.strip()),
        address=_first_text(place.get("address"), told.get("address"), street.strip(), longest=1024),
        live=_live(payload, inner),
    )


def _live(payload: Mapping[str, Any], inner: Mapping[str, Any]) -> bool:
    told = (flag(dig(payload, "location", "live")), flag(dig(payload, "_data", "isLive")))
    return next((each for each in told if each is not None), isinstance(inner.get("liveLocationMessage"), dict))


def _degrees(*places: object) -> str | None:
    return next((_decimal(place) for place in places if number(place) is not None), None)


def _decimal(value: Any) -> str:
    return value if isinstance(value, str) else format(Decimal(str(number(value))), "f")


def read_cards(payload: Mapping[str, Any]) -> tuple[Card, ...]:
    """Read the cards from the first place that holds any; each engine has another."""
    inner = content(payload)
    inside = [inner.get("contactMessage"), *items(dig(inner, "contactsArrayMessage", "contacts"))]
    listed = items(dig(payload, "_data", "vcardList"))
    places = (items(payload.get("vCards")), [dig(each, "vcard") for each in (*inside, *listed)], _bodies(payload))
    return next(filter(None, map(_cards, places)), ())


def _bodies(payload: Mapping[str, Any]) -> list[str]:
    """The body that is a card, unless the engine says that somebody wrote it as a text."""
    told = map(text, (payload.get("body"), dig(payload, "_data", "body")))
    found = [body for body in told if body and body.startswith(CARD)]
    return found[:1] if found and _told(payload) in {MessageType.CONTACT, None} else []


def _cards(told: list[Any]) -> tuple[Card, ...]:
    return tuple(Card(vcard=vcard) for vcard in map(text, told[:MOST_CARDS]) if vcard)
