"""What the fake WAHA is asked to do to messages, and the events by which it then tells of that itself."""

from typing import Any
from urllib.parse import unquote

from infra.fakes.openapi import Operation
from infra.fakes.waha_changes import make_edit, make_reaction, make_revocation
from infra.fakes.waha_groups import new_group
from infra.fakes.waha_sends import bare
from infra.fakes.waha_state import Session

Event = dict[str, Any]
ACTS = {
    "ChattingController_setReaction": "reaction",
    "ChattingController_sendSeen": "seen",
    "ChattingController_startTyping": "typing",
    "ChattingController_stopTyping": "stop_typing",
    "ChatsController_editMessage": "edit",
    "ChatsController_deleteMessage": "recall",
    "ChatsController_archiveChat": "archive",
    "ChatsController_unarchiveChat": "unarchive",
    "LabelsController_putChatLabels": "labels",
    "GroupsController_createGroup": "create",
    "GroupsController_setSubject": "subject",
    "GroupsController_setDescription": "description",
    "GroupsController_addParticipants": "add",
    "GroupsController_removeParticipants": "remove",
    "GroupsController_promoteToAdmin": "promote",
    "GroupsController_demoteToAdmin": "demote",
}
# What is answered with no word.
SILENT = {"archive", "unarchive"}
# What is done to one message, which must be there; every engine tells of it, as if it had been done on the phone.
TOLD = {"edit", "recall", "reaction"}


def asked(operation: Operation, told: dict[str, Any]) -> tuple[str | None, list[str], str | None]:
    """In which chat something is to be done, to which messages, people or labels, and what is to come of it."""
    chat = told.get("chatId") or operation.values.get("chatId") or operation.values.get("id") or _new(operation)
    named = [each["id"] for each in told.get("participants") or told.get("labels") or ()]
    ids = named or told.get("messageIds") or [told.get("messageId") or operation.values.get("messageId")]
    values = (told.get(name) for name in ("text", "reaction", "participant", "subject", "description", "name"))
    value = next((each for each in values if each is not None), None)
    return unquote(chat) if chat else None, [unquote(each) for each in ids if each], value


def _new(operation: Operation) -> str | None:
    return new_group() if ACTS[operation.id] == "create" else None


def echo(session: Session, kind: str, shown: dict[str, Any], value: str | None, at: float) -> Event:
    """The event that tells of an edit, a recall or a reaction of ours; `shown` is the message as it is kept."""
    full = str(shown["id"])
    chat = full.split("_")[1]
    group = chat if chat.endswith("@g.us") else None
    said: Event = {
        "chat": chat,
        "group": group,
        "from_me": True,
        "source": "api",
        "me": session.me,
        "timestamp": int(at),
    }
    told: Event = {"session": session.name, **said}
    if kind == "edit":
        return make_edit(session.engine, bare(full), value or "", **told)
    if kind == "recall":
        return make_revocation(session.engine, bare(full), **told)
    event = make_reaction(session.engine, bare(full), value or "", **told)
    event["payload"]["reaction"]["messageId"] = full
    return event
