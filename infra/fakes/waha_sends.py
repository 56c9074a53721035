"""What the fake WAHA makes of a request to send: a message as each engine tells of it, and answers in its shape."""

import re
from collections.abc import Callable
from typing import Any

from infra.fakes.waha_events import Said, payload

Json = dict[str, Any]
KINDS = {
    "ChattingController_sendText": "text",
    "ChattingController_sendImage": "image",
    "ChattingController_sendFile": "document",
    "ChattingController_sendVoice": "voice",
    "ChattingController_sendVideo": "video",
    "ChattingController_sendLocation": "location",
    "ChattingController_sendContactVcard": "vcard",
    "ChattingController_sendPoll": "poll",
    "ChattingController_sendList": "list",
    "ChattingController_forwardMessage": "forward",
}
FILES = {"image", "document", "voice", "video"}
# What an engine answers 501 to.
LACKING = {"WEBJS": {"list"}, "WPP": {"list"}, "NOWEB": set(), "GOWS": {"forward", "archive", "unarchive"}}
PERSONS_ONLY = {"list"}
_TEXTS: dict[str, Callable[[Json], str]] = {
    "text": lambda body: str(body["text"]),
    "poll": lambda body: str(body["poll"]["name"]),
    "list": lambda body: str(body["message"].get("description") or body["message"]["title"]),
}


def text_of(kind: str, body: Json) -> str:
    """What WhatsApp shows of a message as its text."""
    return _TEXTS.get(kind, _caption)(body)


def _caption(body: Json) -> str:
    return str(body.get("caption") or "")


def told(engine: str, kind: str, said: Said, body: Json) -> Json:
    """The message as the engine's history and events tell of it."""
    base = payload(engine, said)
    return _SHAPES[kind](engine, base, body) if kind in _SHAPES else base


def spoken_as(kind: str) -> str:
    """The kind of message that it is to the makers of events."""
    return "text" if kind in {"poll", "list"} else kind


def _file(_: str, base: Json, body: Json) -> Json:
    file = body["file"]
    media = {"url": file.get("url"), "filename": file.get("filename"), "mimetype": file["mimetype"]}
    return {**base, "media": media}


def _location(engine: str, base: Json, body: Json) -> Json:
    place = {"latitude": str(body["latitude"]), "longitude": str(body["longitude"])}
    degrees = {"degreesLatitude": body["latitude"], "degreesLongitude": body["longitude"], "name": body["title"]}
    shown = {**base, "location": {"live": False, **place, "name": body["title"], "address": None}}
    return _with_content(engine, shown, {"locationMessage": degrees}, "location")


def _cards(engine: str, base: Json, body: Json) -> Json:
    cards = [each.get("vcard") or _card(each) for each in body["contacts"]]
    part = (
        {"contactMessage": {"vcard": cards[0]}}
        if len(cards) == 1
        else {"contactsArrayMessage": {"contacts": [{"vcard": card} for card in cards]}}
    )
    return _with_content(engine, {**base, "vCards": cards}, part, "vcard" if len(cards) == 1 else "multi_vcard")


def _card(contact: Json) -> str:
    return f"BEGIN:VCARD\nVERSION:3.0\nFN:{contact['fullName']}\nTEL:{contact['phoneNumber']}\nEND:VCARD"


def _poll(engine: str, base: Json, body: Json) -> Json:
    poll = body["poll"]
    options = [{"optionName": option} for option in poll["options"]]
    part = {"pollCreationMessageV3": {"name": poll["name"], "options": options}}
    shown = _bodiless(engine, base)
    return _with_content(engine, shown, part, "poll_creation")


def _list(engine: str, base: Json, body: Json) -> Json:
    menu = body["message"]
    part = {
        "listMessage": {
            "title": menu["title"],
            "description": menu.get("description") or "",
            "buttonText": menu["button"],
            "sections": menu["sections"],
        }
    }
    return _with_content(engine, _bodiless(engine, base), part, "list")


def _bodiless(engine: str, base: Json) -> Json:
    return base if engine in {"WEBJS", "WPP"} else {**base, "body": None}


def _with_content(engine: str, base: Json, part: Json, browser_type: str) -> Json:
    """Put WhatsApp's own message where the engine keeps it."""
    data = base["_data"]
    if engine == "GOWS":
        info = {**data["Info"], "MediaType": browser_type, "Type": "media"}
        return {**base, "_data": {**data, "Info": info, "Message": part, "RawMessage": part}}
    if engine == "NOWEB":
        return {**base, "_data": {**data, "message": part}}
    return {**base, "_data": {**data, "type": browser_type}}


_SHAPES: dict[str, Callable[[str, Json, Json], Json]] = {
    **dict.fromkeys(FILES, _file),
    "location": _location,
    "vcard": _cards,
    "poll": _poll,
    "list": _list,
}


def answer(engine: str, kind: str, shown: Json, timestamp: int) -> Json:
    """Answer a send as each engine does: wwebjs' message, a WAMessage, Baileys' message, or an id alone."""
    if engine == "GOWS":
        return {"id": shown["id"], "_data": {}}
    if engine == "WPP":
        return {"sent": True} if kind == "forward" else shown
    if engine == "NOWEB" and kind != "poll":
        return {**shown["_data"], "messageTimestamp": str(timestamp), "status": "PENDING"}
    if engine == "NOWEB":
        return shown
    data = shown["_data"]
    sides = {"from": shown["from"], "to": shown["to"], "fromMe": True}
    about = {"hasMedia": shown["hasMedia"], "body": shown["body"], "type": data["type"], "timestamp": timestamp}
    return {"_data": data, "id": data["id"], "ack": 0, **sides, **about}


def bare(message_id: str) -> str:
    """The part of a full id that all events of a message share."""
    parts = re.split(r"_", message_id)
    return parts[2] if len(parts) > 2 else parts[-1]  # noqa: PLR2004 - direction, chat, id
