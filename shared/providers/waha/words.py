"""What a WAHA message says in words: its body, its caption, or what the engine's own message tells."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.kernel.inbound import MessageType
from shared.providers.waha.fields import dig, mapping, text
from shared.providers.waha.media import CARD, content, part, saying

NAMES = ("text", "caption", "selectedDisplayText", "description", "contentText", "comment")
LIST_NAMES = ("title", "footerText", "footer")
PICTURES = ("/9j/", "iVBORw0")  # how a JPEG and a PNG begin in base64


def read_text(payload: Mapping[str, Any], kind: MessageType) -> str | None:
    """Read the body or the caption, which is no text where the browser engines put a picture or a card into it."""
    body = text(payload.get("body"))
    if body and not _is_file(body, kind):
        return body
    return told_text(payload)


def _is_file(body: str, kind: MessageType) -> bool:
    if kind is MessageType.CONTACT:
        return body.startswith(CARD)
    return kind is not MessageType.TEXT and body.startswith(PICTURES)


def told_text(payload: Mapping[str, Any]) -> str | None:
    """What is said beside the body."""
    inner, raw = content(payload), mapping(payload.get("_data"))
    told = (saying(inner), *_in_part(inner), raw.get("caption"), raw.get("pollName"), _comment(payload))
    return next(filter(None, map(text, told)), None)


def _in_part(inner: Mapping[str, Any]) -> Iterator[object]:
    said = part(inner)
    yield _chosen(inner)
    yield from map(said.get, NAMES)
    yield dig(said, "Response", "SelectedDisplayText")
    yield dig(said, "body", "text")
    yield from map(mapping(inner.get("listMessage")).get, LIST_NAMES)
    yield from (dig(inner, name, "name") for name in inner if name.startswith(("pollCreationMessage", "eventMessage")))


def _chosen(inner: Mapping[str, Any]) -> str | None:
    """The row of a list that somebody chose, as WAHA puts it into the body."""
    told = mapping(inner.get("listResponseMessage"))
    return "\n".join(filter(None, map(text, (told.get("title"), told.get("description"))))) or None


def _comment(payload: Mapping[str, Any]) -> object:
    """What is said of a place. WEBJS repeats its name and address as the description."""
    raw, described = mapping(payload.get("_data")), dig(payload, "location", "description")
    return text(raw.get("comment")) or (described if described != raw.get("loc") else None)
