"""Groups: what they are called, who is in them, and whether we are; told by the events of today and those before."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from shared.kernel.inbound import ChatKind, GroupChange, GroupRole, Member, Membership, Person
from shared.kernel.stamps import stamp
from shared.providers.waha.fields import LONGEST_NAME, dig, items, key, mapping, moment, not_after, text
from shared.providers.waha.ids import address, chat_kind, identities
from shared.providers.waha.messages import BROWSER_ENGINES, Setting, Unreadable

MOST_MEMBERS = 256  # told of at once; whoever is beyond is met when they speak
LONGEST_DESCRIPTION = 2048
DOING = {
    "join": Membership.JOINED,
    "add": Membership.JOINED,
    "invite": Membership.JOINED,
    "linked_group_join": Membership.JOINED,
    "leave": Membership.LEFT,
    "remove": Membership.LEFT,
    "promote": Membership.PROMOTED,
    "demote": Membership.DEMOTED,
}
ROLES = {
    "participant": GroupRole.PARTICIPANT,
    "member": GroupRole.PARTICIPANT,
    "admin": GroupRole.ADMIN,
    "superadmin": GroupRole.SUPERADMIN,
}

# What members are once they rose or fell: NOWEB may still tell of the role they had before.
RANKS = {Membership.PROMOTED: GroupRole.ADMIN, Membership.DEMOTED: GroupRole.PARTICIPANT}


def read_join(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    """We are in a group; it comes with all that is known of it. Raises Unreadable when it does not say which group."""
    return _change(payload, setting, ours=Membership.JOINED)


def read_leave(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    """We are in a group no more; raises Unreadable as above."""
    return _change(payload, setting, ours=Membership.LEFT)


def read_update(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    """Something of a group is other than it was; raises Unreadable as above.

    Only the browser engines tell all of the group then, and so all who are in it.
    """
    return _change(payload, setting, is_whole=setting.engine in BROWSER_ENGINES)


def read_participants(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    """Members come, go, rise or fall, and we may be among them; raises Unreadable when it does not say what they do."""
    doing = DOING.get((text(payload.get("type")) or "").lower())
    if doing is None:
        raise Unreadable("It does not say what the members of the group do.")
    return _done(payload, setting, doing, items(payload.get("participants")))


def read_old_join(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    """Read the event of before 2025: WEBJS tells of members who come, the others of a group that we are in."""
    return _old(payload, setting, Membership.JOINED)


def read_old_leave(payload: Mapping[str, Any], setting: Setting) -> GroupChange:
    return _old(payload, setting, Membership.LEFT)


def _old(payload: Mapping[str, Any], setting: Setting, doing: Membership) -> GroupChange:
    told = items(payload.get("recipientIds")) or items(dig(payload, "_data", "recipients"))
    if told:
        return _done(payload, setting, doing, told)
    return _change(payload, setting, ours=doing)


def _done(payload: Mapping[str, Any], setting: Setting, doing: Membership, raw: list[Any]) -> GroupChange:
    told = [each for each in raw if addresses_of(each)]
    is_about_us = any(set(addresses_of(each)) & setting.own for each in told)
    others = (each for each in told if not set(addresses_of(each)) & setting.own)
    members = tuple(_members(others, RANKS.get(doing)))
    return _made(
        payload,
        setting,
        doing=doing if members else None,
        members=members,
        # Whatever we do in a group but leave it, we are in it.
        ours=(Membership.LEFT if doing is Membership.LEFT else Membership.JOINED) if is_about_us else None,
    )


def _change(
    payload: Mapping[str, Any], setting: Setting, *, ours: Membership | None = None, is_whole: bool = True
) -> GroupChange:
    """All that the payload says of the group itself, with its members, who are all of them if it is the whole group."""
    group = _group(payload)
    listed = [] if ours is Membership.LEFT else [each for each in items(group.get("participants")) if _is_in(each)]
    members = tuple(_members(each for each in listed if not set(addresses_of(each)) & setting.own))
    whole = is_whole and len(listed) <= MOST_MEMBERS
    return _made(
        payload,
        setting,
        subject=text(group.get("subject"), LONGEST_NAME) or text(dig(group, "Name"), LONGEST_NAME),
        description=_description(group, may_be_removed=not is_whole),
        doing=(Membership.LISTED if whole else Membership.JOINED) if members else None,
        members=members,
        ours=ours,
    )


def _description(group: Mapping[str, Any], *, may_be_removed: bool) -> str | None:
    """Empty where it was removed: what tells only of changes says so, and elsewhere it may be left out."""
    told = text(group.get("description"), LONGEST_DESCRIPTION) or text(group.get("desc"), LONGEST_DESCRIPTION)
    return "" if told is None and may_be_removed and group.get("description") == "" else told


def _made(payload: Mapping[str, Any], setting: Setting, **said: Any) -> GroupChange:
    chat = _chat(payload)
    at: datetime | None = not_after(moment(payload.get("timestamp")), setting.at)
    return GroupChange(chat_address=chat, at=at, stamp=stamp(at, setting.at, content=said), **said)


def _group(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    return mapping(payload.get("group")) or payload


def _chat(payload: Mapping[str, Any]) -> str:
    group = _group(payload)
    places = (group.get("id"), payload.get("chatId"), dig(payload, "id", "remote"), group.get("JID"), group.get("jid"))
    found = next((each for each in map(address, places) if each and chat_kind(each) is ChatKind.GROUP), None)
    if found is None:
        raise Unreadable("It does not say which group it is about.")
    return found


def _members(told: Iterable[object], rank: GroupRole | None = None) -> Iterator[Member]:
    for raw in islice(told, MOST_MEMBERS):
        people = identities(tuple(sorted(set(addresses_of(raw)))))
        if people:
            yield Member(person=Person(identities=people), role=rank or ROLES.get(_role_of(raw)))


def _is_in(raw: object) -> bool:
    return bool(addresses_of(raw)) and _role_of(raw) != "left"


def addresses_of(raw: object) -> list[str]:
    """List the addresses of a member, who is told of by an address or by an object of any engine."""
    names = ("id", "pn", "phoneNumber", "lid", "jid", "JID", "PhoneNumber", "LID")
    places = [raw, *(dig(raw, name) for name in names)]
    return [each for each in map(address, places) if each]


def _role_of(raw: object) -> str:
    told = mapping(raw)
    if told.get("isSuperAdmin") is True:
        return "superadmin"
    if told.get("isAdmin") is True:
        return "admin"
    return (key(told.get("role")) or key(told.get("admin")) or "").lower()
