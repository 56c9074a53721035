"""What WhatsApp messages carry, spelled by each engine: files, places, cards, captions, quotes."""

from dataclasses import dataclass
from typing import Any

CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Bruno\nTEL;type=CELL;waid=5511977776666:+55 11 97777-6666\nEND:VCARD"
THUMBNAIL = "/9j/4AAQSkZJRg=="


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    part: str
    mimetype: str
    extension: str
    size: int
    seconds: int | None = None
    file_name: str | None = None


MEDIA = {
    "image": File(part="imageMessage", mimetype="image/jpeg", extension="jpeg", size=48213),
    "voice": File(part="audioMessage", mimetype="audio/ogg; codecs=opus", extension="oga", size=9321, seconds=12),
    "video": File(part="videoMessage", mimetype="video/mp4", extension="mp4", size=1048576, seconds=11),
    "document": File(
        part="documentMessage", mimetype="application/pdf", extension="pdf", size=20480, file_name="nota-fiscal.pdf"
    ),
    "sticker": File(part="stickerMessage", mimetype="image/webp", extension="webp", size=12000),
}
TYPES = {"voice": "ptt", "live_location": "livelocation", "text": "text"}
BROWSER_TYPES = {"text": "chat", "live_location": "location"}


def browser_type(kind: str, engine: str = "GOWS") -> str:
    special = BROWSER_TYPES if engine == "WEBJS" else {}
    return special.get(kind) or TYPES.get(kind, kind)


def body_of(kind: str, body: str | None, engine: str) -> str | None:
    """Write the body: WEBJS puts a thumbnail into a location's and the card into a contact's, and never null."""
    if engine == "WEBJS":
        return body or {"location": THUMBNAIL, "vcard": CARD}.get(kind, "")
    return body if kind in {"text", *MEDIA} else None


def proto(engine: str, kind: str, body: str | None, reply_to: str | None) -> dict[str, Any]:
    """Write WhatsApp's own message as Baileys (NOWEB) or whatsmeow (GOWS) spells it."""
    quote = _quote(engine, reply_to)
    if kind == "text":
        return {"extendedTextMessage": {"text": body or "", **quote}} if quote else {"conversation": body or ""}
    if kind in MEDIA:
        return {MEDIA[kind].part: _file(engine, kind) | ({"caption": body} if body else {}) | quote}
    if kind == "vcard":
        return {"contactMessage": {"displayName": "Bruno", "vcard": CARD, **quote}}
    part = "liveLocationMessage" if kind == "live_location" else "locationMessage"
    return {part: {"degreesLatitude": -23.5505, "degreesLongitude": -46.6333, **quote}}


def _quote(engine: str, reply_to: str | None) -> dict[str, Any]:
    if not reply_to:
        return {}
    named = "stanzaID" if engine == "GOWS" else "stanzaId"
    return {"contextInfo": {named: reply_to, "quotedMessage": {"conversation": "…"}}}


def _file(engine: str, kind: str) -> dict[str, Any]:
    known = MEDIA[kind]
    gows = engine == "GOWS"
    told: dict[str, Any] = {
        "URL" if gows else "url": "https://mmg.whatsapp.net/v/redacted.enc",
        "fileSHA256" if gows else "fileSha256": "c2hhMjU2LXJlZGFjdGVk",
        "mimetype": known.mimetype,
        "fileLength": known.size if gows else str(known.size),
    }
    if known.seconds:
        told["seconds"] = known.seconds
    if known.file_name:
        told["fileName"] = known.file_name
    if kind == "voice":
        told["PTT" if gows else "ptt"] = True
    return told
