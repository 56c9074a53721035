"""What a WAHA session does to a chat: puts it away, labels it, and runs a group."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from shared.providers.waha.client import OK, Refused, Waha
from shared.providers.waha.fields import dig, whole

# How engines spell what came of each participant: nothing, done, or in the group already.
PLACES = ("status", "code", "error", "Error")
TAKEN = {None, 0, 200, 409}
NOT_PERMITTED = ("not_permitted", "WhatsApp did not take this; the number may not run the group.")
REFUSED = ("participant_refused", "WhatsApp did not do this with the person, who may have to be invited instead.")


class ChatControl(Waha):
    """The controls of a session's chats. Every method raises Unreachable, Refused or Unknown."""

    def archive(self, chat_id: str, *, on: bool) -> None:
        """Put a chat away, or take it out again."""
        self._call("POST", self._at("chats", chat_id, "archive" if on else "unarchive"))

    def label(self, chat_id: str, labels: Iterable[str]) -> None:
        """Let a chat have these labels, and no others."""
        self._call("PUT", self._at("labels", "chats", chat_id), json={"labels": [{"id": each} for each in labels]})

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
    return any(whole(dig(each, place)) not in TAKEN for each in told for place in PLACES)
