"""The request that sends a message, by type: its path, and its body without session and chat."""

import mimetypes
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from shared.kernel.inbound import Media, MessageType
from shared.kernel.outbound import Choice, Draft, Manner, Menu

T = TypeVar("T")
Request = tuple[str, dict[str, Any]]
_USUAL = {
    MessageType.IMAGE: "image/jpeg",
    MessageType.VIDEO: "video/mp4",
    MessageType.VOICE: "audio/ogg; codecs=opus",
    MessageType.AUDIO: "audio/mpeg",
}


def request_of(draft: Draft) -> Request:
    """The request for a draft as the engine takes it. LookupError: there is none for its type."""
    return _REQUESTS[draft.type](draft)


def _text(draft: Draft) -> Request:
    manner = draft.manner or Manner()
    body: dict[str, Any] = {"text": draft.text or ""}
    if not manner.link_preview:
        body["linkPreview"] = False
    elif manner.large_preview:
        body |= {"linkPreview": True, "linkPreviewHighQuality": True}
    if manner.mentions:
        body["mentions"] = list(manner.mentions)
    return "/api/sendText", body


def _image(draft: Draft) -> Request:
    return "/api/sendImage", {"file": _file(draft), **_caption(draft)}


def _document(draft: Draft) -> Request:
    return "/api/sendFile", {"file": _file(draft), **_caption(draft)}


def _video(draft: Draft) -> Request:
    note = {"asNote": True} if draft.manner and draft.manner.as_note else {}
    return "/api/sendVideo", {"file": _file(draft), "convert": True, **note, **_caption(draft)}


def _voice(draft: Draft) -> Request:
    return "/api/sendVoice", {"file": _file(draft), "convert": True}


def _location(draft: Draft) -> Request:
    place = _needed(draft.location)
    degrees = {"latitude": float(place.latitude), "longitude": float(place.longitude)}
    return "/api/sendLocation", {**degrees, "title": place.name or ""}


def _contact(draft: Draft) -> Request:
    return "/api/sendContactVcard", {"contacts": [{"vcard": card.vcard} for card in draft.cards]}


def _poll(draft: Draft) -> Request:
    poll = _needed(draft.poll)
    asked = {"name": poll.name, "options": poll.options, "multipleAnswers": poll.multiple_answers}
    return "/api/sendPoll", {"poll": asked}


def _list(draft: Draft) -> Request:
    menu = _needed(draft.menu)
    told = {"title": menu.title, "description": draft.text or "", "footer": menu.footer or "", "button": menu.label}
    return "/api/sendList", {"message": {**told, "sections": _sections(menu)}}


def _sections(menu: Menu) -> list[dict[str, Any]]:
    return [{"title": each.title, "rows": [_row(choice) for choice in each.choices]} for each in menu.sections]


def _row(choice: Choice) -> dict[str, str]:
    described = {"description": choice.description} if choice.description else {}
    return {"title": choice.title, "rowId": choice.id, **described}


def _file(draft: Draft) -> dict[str, Any]:
    media = _needed(draft.media)
    named = {"filename": media.file_name or _name(media)} if draft.type is not MessageType.VOICE else {}
    return {"mimetype": mimetype_of(media, draft.type), **named, "url": media.url}


def mimetype_of(media: Media, type: MessageType) -> str:
    """What kind of file it is: as it was told, as its name says, or as files of that type mostly are."""
    guessed = mimetypes.guess_type(media.file_name or urlsplit(media.url or "").path)[0]
    return media.mimetype or guessed or _USUAL.get(type, "application/octet-stream")


def _name(media: Media) -> str:
    return urlsplit(media.url or "").path.rpartition("/")[2] or "file"


def _caption(draft: Draft) -> dict[str, str]:
    return {"caption": draft.text} if draft.text else {}


def _needed(part: T | None) -> T:
    if part is None:
        raise LookupError("the draft lacks what its type is about")
    return part


_REQUESTS: dict[MessageType, Callable[[Draft], Request]] = {
    MessageType.TEXT: _text,
    MessageType.IMAGE: _image,
    MessageType.VIDEO: _video,
    MessageType.VOICE: _voice,
    MessageType.AUDIO: _document,
    MessageType.DOCUMENT: _document,
    MessageType.LOCATION: _location,
    MessageType.CONTACT: _contact,
    MessageType.POLL: _poll,
    MessageType.LIST: _list,
}
