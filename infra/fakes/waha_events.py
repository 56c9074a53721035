"""Webhook events as each WAHA engine would write them, for the fake server, the demo and the campaigns."""

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from infra.fakes.waha_parts import MEDIA, body_of, browser_type, proto

VERSION = "2026.7.1"
ACK_NAMES = {-1: "ERROR", 0: "PENDING", 1: "SERVER", 2: "DEVICE", 3: "READ", 4: "PLAYED"}
CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz"


class Addressing(StrEnum):
    """How an event speaks of the other side: by phone, by a hidden id, or by that id with the phone beside it."""

    PHONE = "phone"
    LID = "lid"
    LID_WITH_PHONE = "lid_with_phone"


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """Somebody on WhatsApp: the phone's digits, the hidden id's digits, the name they chose."""

    phone: str
    lid: str = ""
    name: str = ""

    @property
    def phone_address(self) -> str:
        return f"{self.phone}@c.us"

    def address(self, addressing: Addressing) -> str:
        return self.phone_address if addressing is Addressing.PHONE else f"{self.lid}@lid"


US = Party(phone="5511999990000", lid="200000000000009", name="Loja Exemplo")
SOMEBODY = Party(phone="5511912345678", lid="100000000000001", name="Ana")


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One message of a chat, said without any engine's words; `chat` overrides the address that `customer` gives."""

    kind: str = "text"
    body: str | None = None
    customer: Party = SOMEBODY
    me: Party = US
    group: str | None = None
    chat: str | None = None
    from_me: bool = False
    source: str = "app"
    message_id: str = ""
    timestamp: int = 0
    reply_to: str | None = None
    addressing: Addressing = Addressing.PHONE
    media: dict[str, Any] | None = None

    @property
    def chat_address(self) -> str:
        return self.chat or self.group or self.customer.address(self.addressing)

    @property
    def author(self) -> str | None:
        """Whoever wrote it in a group, as groups name people."""
        if not self.group:
            return None
        return self.me.address(self.addressing) if self.from_me else self.customer.address(self.addressing)

    @property
    def id(self) -> str:
        parts = [str(self.from_me).lower(), self.chat_address, self.message_id, self.author]
        return "_".join(filter(None, parts))

    @property
    def phone_jid(self) -> str:
        return f"{self.customer.phone}@s.whatsapp.net" if self.addressing is Addressing.LID_WITH_PHONE else ""


def message_id(engine: str) -> str:
    return "3EB0" + secrets.token_hex(9).upper() if engine != "WEBJS" else secrets.token_hex(16).upper()


def event_id() -> str:
    return "evt_01" + "".join(secrets.choice(CROCKFORD) for _ in range(24))


def make_event(engine: str, kind: str, *, event: str = "message.any", session: str = "default", **said: Any) -> dict:  # type: ignore[type-arg] # JSON
    """Write a message of `kind` (text image voice video document sticker location live_location vcard) as `engine`.

    `said` are the fields of Said; what is left out is made up.
    """
    said.setdefault("timestamp", int(time.time()))
    said.setdefault("message_id", message_id(engine))
    spoken = Said(kind=kind, **said)
    return envelope(engine, event, session, payload(engine, spoken), me=spoken.me)


def make_ack(
    engine: str, level: int, *, session: str = "default", reader: Party | None = None, **said: Any
) -> dict[str, Any]:
    """Write the receipt of a message; `reader` is the participant of a group who received or read it."""
    spoken = Said(**{"from_me": True, "source": "api", "timestamp": int(time.time()), **said})
    event = "message.ack.group" if spoken.group else "message.ack"
    return envelope(engine, event, session, _ack(engine, level, spoken, reader), me=spoken.me)


def make_status(
    engine: str, status: str, *, session: str = "default", me: Party | None = US, at: int | None = None
) -> dict[str, Any]:
    began = at or int(time.time() * 1000)
    told = {
        "name": session,
        "status": status,
        "statuses": [{"status": status, "timestamp": began}],
        "data": None,
    }
    return envelope(engine, "session.status", session, told, me=me, at=began)


def envelope(
    engine: str, event: str, session: str, told: dict[str, Any], *, me: Party | None = US, at: int | None = None
) -> dict[str, Any]:
    """Wrap a payload as WAHA does; GOWS leaves the engine out of the top level."""
    seconds = told.get("timestamp")
    stamp = at or (int(seconds) * 1000 + 123 if seconds else int(time.time() * 1000))
    wrapped = {
        "id": event_id(),
        "timestamp": stamp,
        "event": event,
        "session": session,
        "metadata": {},
        "me": _me(engine, me),
        "payload": told,
        "environment": {
            "version": VERSION,
            "engine": engine,
            "tier": "CORE",
            "browser": "/usr/bin/chromium" if engine == "WEBJS" else None,
            "platform": "linux/x64",
            "worker": {"id": None},
        },
    }
    return wrapped if engine == "GOWS" else wrapped | {"engine": engine}


def _me(engine: str, me: Party | None) -> dict[str, Any] | None:
    if me is None:
        return None
    told = {"id": me.phone_address, "pushName": me.name, "lid": f"{me.lid}@lid"}
    return told if engine == "WEBJS" else told | {"jid": f"{me.phone}:12@s.whatsapp.net"}


def payload(engine: str, said: Said) -> dict[str, Any]:
    """Write the message as the engine's WAMessage."""
    base = {
        "id": said.id,
        "timestamp": said.timestamp,
        "from": said.chat_address,
        "fromMe": said.from_me,
        "source": said.source,
        "body": body_of(said.kind, said.body, engine),
        "hasMedia": said.kind in MEDIA,
        "media": _media(said),
        "ack": 1 if said.from_me else 2,
        "ackName": "SERVER" if said.from_me else "DEVICE",
        "location": _location(said.kind),
        "vCards": _cards(engine, said.kind),
        "replyTo": _reply(said),
    }
    return base | _sides(engine, said) | {"_data": _DATA[engine](said)}


def _sides(engine: str, said: Said) -> dict[str, Any]:
    """Say who wrote to whom, in which every engine has its own habit."""
    if engine == "GOWS":
        return {"to": said.author, "participant": said.author}
    if engine == "NOWEB":
        return {"to": said.group, "participant": said.author} if said.group else {}
    mine, theirs = said.me.phone_address, said.chat_address
    sides = {"from": mine, "to": theirs} if said.from_me else {"from": theirs, "to": mine}
    return sides | ({"participant": said.author} if said.group else {})


def _media(said: Said) -> dict[str, Any] | None:
    if said.kind not in MEDIA:
        return None
    known = MEDIA[said.kind]
    url = f"https://files.waha.example/{said.message_id}.{known.extension}"
    return said.media or {"url": url, "filename": known.file_name, "mimetype": known.mimetype}


def _location(kind: str) -> dict[str, Any] | None:
    if kind not in {"location", "live_location"}:
        return None
    named = {} if kind == "live_location" else {"name": "Praça da Sé", "address": "Centro, São Paulo"}
    return {"live": kind == "live_location", "latitude": "-23.5505", "longitude": "-46.6333", **named}


def _cards(engine: str, kind: str) -> list[str] | None:
    if kind == "vcard":
        return [body_of("vcard", None, "WEBJS") or ""]
    return [] if engine == "WEBJS" else None


def _reply(said: Said) -> dict[str, Any] | None:
    if not said.reply_to:
        return None
    quoted = said.me.address(said.addressing)
    return {"id": said.reply_to, "participant": quoted, "body": "…", "hasMedia": False, "media": None, "_data": {}}


def _gows(said: Said) -> dict[str, Any]:
    moment = datetime.fromtimestamp(said.timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    written = proto("GOWS", said.kind, said.body, said.reply_to)
    info = {
        "Chat": said.chat_address.replace("@c.us", "@s.whatsapp.net"),
        "Sender": f"{said.me.phone}:12@s.whatsapp.net" if said.from_me else said.author or said.chat_address,
        "IsFromMe": said.from_me,
        "IsGroup": bool(said.group),
        "AddressingMode": "lid" if said.group and said.addressing is not Addressing.PHONE else "",
        "SenderAlt": "" if said.from_me else said.phone_jid,
        "RecipientAlt": said.phone_jid if said.from_me and not said.group else "",
        "ID": said.message_id,
        "ServerID": 0,
        "Type": "text" if said.kind == "text" else "media",
        "PushName": "" if said.from_me else said.customer.name,
        "Timestamp": moment,
        "MediaType": "" if said.kind == "text" else browser_type(said.kind),
        "Edit": "",
    }
    return {"Info": info, "Message": written, "RawMessage": written, "Status": 2 if said.from_me else 3}


def _noweb(said: Said) -> dict[str, Any]:
    key: dict[str, Any] = {
        "remoteJid": said.chat_address.replace("@c.us", "@s.whatsapp.net"),
        "fromMe": said.from_me,
        "id": said.message_id,
    }
    if said.group:
        key |= {"participant": said.author} | ({"participantAlt": said.phone_jid} if said.phone_jid else {})
    elif said.phone_jid:
        key |= {"remoteJidAlt": said.phone_jid, "addressingMode": "lid"}
    return {
        "key": key,
        "messageTimestamp": said.timestamp,
        "pushName": said.me.name if said.from_me else said.customer.name,
        "broadcast": False,
        "status": 2 if said.from_me else 3,
        "message": proto("NOWEB", said.kind, said.body, said.reply_to),
    }


def _webjs(said: Said) -> dict[str, Any]:
    identity = {"fromMe": said.from_me, "remote": said.chat_address, "id": said.message_id, "_serialized": said.id}
    known = MEDIA.get(said.kind)
    told = {
        "id": identity | ({"participant": said.author} if said.group else {}),
        "type": browser_type(said.kind, "WEBJS"),
        "t": said.timestamp,
        "notifyName": "" if said.from_me else said.customer.name,
        "from": said.me.phone_address if said.from_me else said.chat_address,
        "to": said.chat_address if said.from_me else said.me.phone_address,
        **({"quotedStanzaID": said.reply_to} if said.reply_to else {}),
    }
    if known is None:
        return told
    return told | {"mimetype": known.mimetype, "size": known.size, "duration": str(known.seconds or "")}


_DATA = {"GOWS": _gows, "NOWEB": _noweb, "WEBJS": _webjs, "WPP": _webjs}


def _ack(engine: str, level: int, said: Said, reader: Party | None) -> dict[str, Any]:
    participant = reader.address(said.addressing) if reader and said.group else None
    told = {"id": said.id, "fromMe": said.from_me, "ack": level, "ackName": ACK_NAMES[level]}
    if engine == "WEBJS" and not said.group:
        return payload(engine, said) | told
    sides = {"from": said.chat_address}
    if engine == "GOWS":
        return told | sides | {"to": participant, "participant": participant, "_data": _receipt(said, participant)}
    if said.group:
        # WEBJS denies here that the message is ours, though its id says so.
        return told | sides | {"to": said.group, "participant": participant, "fromMe": engine != "WEBJS"}
    return told | sides


def _receipt(said: Said, participant: str | None) -> dict[str, Any]:
    return {
        "Chat": said.chat_address.replace("@c.us", "@s.whatsapp.net"),
        "Sender": participant or said.chat_address.replace("@c.us", "@s.whatsapp.net"),
        "IsFromMe": False,
        "IsGroup": bool(said.group),
        "MessageIDs": [said.message_id],
    }
