"""What a WAHA session does to a chat: puts it away, labels it, and makes and runs a group."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.kernel.inbound import ChatKind
from shared.providers.waha.client import OK, Refused, Unknown, Waha
from shared.providers.waha.fields import dig, whole
from shared.providers.waha.groups import addresses_of
from shared.providers.waha.ids import address, chat_kind

# How engines spell what came of each participant: nothing, done, or in the group already.
PLACES = ("status", "code", "statusCode", "error", "Error")
TAKEN = {None, 0, 200, 409}
NOT_PERMITTED = ("not_permitted", "WhatsApp did not take this; the number may not run the group.")
REFUSED = ("participant_refused", "WhatsApp did not do this with the person, who may have to be invited instead.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Founded:
    """A group that was made: where it is, and the addresses of those whom the answer says are in it, or are not."""

    address: str
    taken: frozenset[str]
    refused: frozenset[str]


class ChatControl(Waha):
    """The controls of a session's chats. Every method raises Unreachable, Refused or Unknown."""

    def archive(self, chat_id: str, *, on: bool) -> None:
        """Put a chat away, or take it out again."""
        self._call("POST", self._at("chats", chat_id, "archive" if on else "unarchive"))

    def label(self, chat_id: str, labels: Iterable[str]) -> None:
        """Let a chat have these labels, and no others."""
        self._call("PUT", self._at("labels", "chats", chat_id), json={"labels": [{"id": each} for each in labels]})

    def found(self, subject: str, people: Iterable[str]) -> Founded:
        """Make a group with these people. Whether one was made is Unknown where the answer does not name it."""
        body = {"name": subject, "participants": [{"id": each} for each in people]}
        return _founded(self._call("POST", self._at("groups"), json=body))

    def rename(self, group: str, subject: str) -> None:
        self._permitted(self._call("PUT", self._at("groups", group, "subject"), json={"subject": subject}))

    def describe(self, group: str, description: str) -> None:
        self._permitted(self._call("PUT", self._at("groups", group, "description"), json={"description": description}))

    def take_in(self, group: str, person: str) -> None:
        self._move(group, person, "participants", "add")

    def put_out(self, group: str, person: str) -> None:
        self._move(group, person, "participants", "remove")

    def rank(self, group: str, person: str, *, is_admin: bool) -> None:
        """Let a member run the group, or not any more."""
        self._move(group, person, "admin", "promote" if is_admin else "demote")

    def _move(self, group: str, person: str, *step: str) -> None:
        answer = self._call("POST", self._at("groups", group, *step), json={"participants": [{"id": person}]})
        self._permitted(answer)
        if _refused(answer):
            raise Refused(OK, *REFUSED)

    def _permitted(self, answer: object) -> None:
        if answer is False or dig(answer, "success") is False:
            raise Refused(OK, *NOT_PERMITTED)

    def _at(self, *parts: str) -> str:
        return "/".join(("/api", *(quote(part, safe="") for part in (self._session, *parts))))


def _refused(answer: Any) -> bool:
    """Whether any participant that an answer tells of was not taken: a list of them, or each under their address."""
    told = answer if isinstance(answer, list) else list(answer.values()) if isinstance(answer, dict) else []
    return any(map(_is_refused, told))


def _is_refused(told: object) -> bool:
    return any(whole(dig(told, place)) not in TAKEN for place in PLACES)


def _founded(answer: object) -> Founded:
    """Read the group that was made, wherever an engine says which one it is."""
    places = (address(dig(answer, name)) for name in ("gid", "id", "JID", "jid"))
    group = next((each for each in places if each and chat_kind(each) is ChatKind.GROUP), None)
    if group is None:
        raise Unknown("WAHA's answer does not say which group was made.")
    people = list(_people(dig(answer, "participants") or dig(answer, "Participants")))
    refused = frozenset(each for names, was_refused in people for each in names if was_refused)
    return Founded(
        address=group, taken=frozenset(each for names, _ in people for each in names) - refused, refused=refused
    )


def _people(told: object) -> Iterator[tuple[list[str], bool]]:
    """The addresses of each person that an answer tells of, in a list or under one of them, and whether refused."""
    if isinstance(told, dict):
        yield from (([*addresses_of(name), *addresses_of(each)], _is_refused(each)) for name, each in told.items())
    elif isinstance(told, list):
        yield from ((addresses_of(each), _is_refused(each)) for each in told)
