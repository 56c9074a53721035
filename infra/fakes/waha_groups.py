"""Groups that the fake WAHA is asked to make: what each engine answers, and the event that tells of it."""

import secrets
from dataclasses import dataclass
from typing import Any

from infra.fakes.waha_events import Party
from infra.fakes.waha_signs import make_group
from infra.fakes.waha_state import Session

Json = dict[str, Any]
NOT_ALLOWED = 403


@dataclass(frozen=True)
class Made:
    """A group as it was asked for, and where it is."""

    group: str
    people: list[str]
    subject: str


def new_group() -> str:
    return f"1203634{secrets.randbelow(10**11):011}@g.us"


def answer(session: Session, made: Made) -> Json:
    """What an engine says of a group that it has made, in its own shape."""
    shape = {"NOWEB": _noweb, "GOWS": _gows}.get(session.engine, _browser)
    return shape(session, made)


def echo(session: Session, made: Made, at: float) -> Json:
    """The event that tells that we are in the group, with whoever let themselves be taken in."""
    taken = [each for each in made.people if each not in session.unwilling]
    members = {Party(phone=each.partition("@")[0], lid=""): "participant" for each in taken}
    return make_group(
        session.engine,
        "join",
        made.group,
        at=int(at),
        about={"subject": made.subject},
        members={session.me: "superadmin", **members},
        session=session.name,
        me=session.me,
    )


def _browser(session: Session, made: Made) -> Json:
    user, server = made.group.split("@")
    told = {each: {"statusCode": _code(session, each), "message": ""} for each in made.people}
    wid = {"server": server, "user": user, "_serialized": made.group}
    return {"title": made.subject, "gid": wid, "participants": told}


def _noweb(session: Session, made: Made) -> Json:
    members = [{"id": _jid(each), "admin": None, **_error(session, each)} for each in made.people]
    ours = {"id": _jid(session.me.phone_address), "admin": "superadmin"}
    return {"id": made.group, "subject": made.subject, "owner": ours["id"], "participants": [ours, *members]}


def _gows(session: Session, made: Made) -> Json:
    members = [
        {"JID": _jid(each), "IsAdmin": False, "Error": _code(session, each) * (each in session.unwilling)}
        for each in made.people
    ]
    ours = {"JID": _jid(session.me.phone_address), "IsAdmin": True, "IsSuperAdmin": True, "Error": 0}
    return {"JID": made.group, "OwnerJID": ours["JID"], "Name": made.subject, "Participants": [ours, *members]}


def _code(session: Session, person: str) -> int:
    return NOT_ALLOWED if person in session.unwilling else 200


def _error(session: Session, person: str) -> Json:
    return {"error": str(NOT_ALLOWED)} if person in session.unwilling else {}


def _jid(person: str) -> str:
    return person.replace("@c.us", "@s.whatsapp.net")
