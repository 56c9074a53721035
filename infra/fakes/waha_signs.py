"""What is told beside messages, as each WAHA engine would: groups, calls, presence, labels, chats put away."""

import time
from typing import Any

from infra.fakes.waha_events import US, Addressing, Party, envelope, message_id

Event = dict[str, Any]
COLORS = ("#00a0f2", "#ff9485", "#64c4ff")


def make_group(
    engine: str,
    happening: str,
    group: str,
    *,
    at: int | None = None,
    about: dict[str, Any] | None = None,
    members: dict[Party, str] | None = None,
    addressing: Addressing = Addressing.PHONE,
    session: str = "default",
    me: Party = US,
) -> Event:
    """Write that we joined a group, left it, or that it is called otherwise (join leave update); `at` in seconds.

    `about` are its subject and description, `members` those it has, with their roles.
    """
    its = {"id": group, **(about or {})}
    if members is not None:
        its["participants"] = [_member(party, role, addressing) for party, role in members.items()]
    told = {"group": its, "timestamp": _stamp(engine, at), "_data": {}}
    return _wrapped(engine, f"group.v2.{happening}", session, told, at, me)


def make_participants(
    engine: str,
    doing: str,
    group: str,
    members: list[Party],
    *,
    at: int | None = None,
    addressing: Addressing = Addressing.PHONE,
    session: str = "default",
    me: Party = US,
) -> Event:
    """Write that members of a group come, go, rise or fall (join leave promote demote); `at` in seconds."""
    role = {"promote": "admin", "leave": "left"}.get(doing, "participant")
    told = {
        "type": doing,
        "group": {"id": group},
        "participants": [_member(party, role, addressing) for party in members],
        "timestamp": _stamp(engine, at),
        "_data": {},
    }
    return _wrapped(engine, "group.v2.participants", session, told, at, me)


def make_call(
    engine: str,
    stage: str,
    *,
    caller: Party,
    call: str = "",
    at: int | None = None,
    addressing: Addressing = Addressing.PHONE,
    video: bool = False,
    session: str = "default",
) -> Event:
    """Write a call that comes, is taken, or is over or refused (received accepted rejected); `at` in seconds."""
    raw = {"CallCreator": caller.address(addressing)}
    if addressing is Addressing.LID_WITH_PHONE:
        raw["CallCreatorAlt"] = f"{caller.phone}@s.whatsapp.net"
    told = {
        "id": call or message_id(engine),
        "from": caller.address(addressing),
        "timestamp": _now(at) + (0.5 if stage == "rejected" else 0),
        "isVideo": video,
        "isGroup": False,
        "_data": raw if engine == "GOWS" else {},
    }
    return _wrapped(engine, f"call.{stage}", session, told, at)


def make_presence(
    engine: str,
    state: str,
    *,
    party: Party,
    chat: str = "",
    at: int | None = None,
    addressing: Addressing = Addressing.PHONE,
    session: str = "default",
) -> Event:
    """Write how somebody is seen just now (online offline typing recording paused)."""
    who = party.address(addressing)
    seen = {"participant": who, "lastKnownPresence": state, "lastSeen": _now(at) if state == "offline" else None}
    return _wrapped(engine, "presence.update", session, {"id": chat or who, "presences": [seen]}, at)


def make_archive(chat: str, *, archived: bool, at: int | None = None, session: str = "default") -> Event:
    """Write that a chat was put away or taken out again, which WEBJS alone tells."""
    told = {"id": chat, "timestamp": _now(at) - 60, "archived": archived}
    return _wrapped("WEBJS", "chat.archive", session, told, at)


def make_label(
    engine: str, happening: str, label: str, name: str = "", *, at: int | None = None, session: str = "default"
) -> Event:
    """Write what a label is called, or that it is gone (upsert deleted)."""
    told = {"id": label, "name": name, "color": len(label), "colorHex": COLORS[len(name) % len(COLORS)]}
    return _wrapped(engine, f"label.{happening}", session, told, at)


def make_chat_label(
    engine: str, happening: str, label: str, chat: str, *, at: int | None = None, session: str = "default"
) -> Event:
    """Write that a label was put on a chat or taken off (added deleted)."""
    told = {"labelId": label, "chatId": chat, "label": None}
    return _wrapped(engine, f"label.chat.{happening}", session, told, at)


def _wrapped(engine: str, event: str, session: str, told: Event, at: int | None, me: Party = US) -> Event:
    return envelope(engine, event, session, told, me=me, at=_now(at) * 1000 + 321)


def _now(at: int | None) -> int:
    return at if at is not None else int(time.time())


def _stamp(engine: str, at: int | None) -> int:
    """The browser engine counts seconds here, the others milliseconds."""
    return _now(at) if engine == "WEBJS" else _now(at) * 1000 + 321


def _member(party: Party, role: str, addressing: Addressing) -> dict[str, Any]:
    known = {"pn": party.phone_address} if addressing is Addressing.LID_WITH_PHONE else {}
    return {"id": party.address(addressing), "role": role, **known}
