"""Every operation of the API as somebody would ask it, and every place in it where an id may stand."""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlencode
from uuid import UUID

from werkzeug.test import TestResponse

from infra.documents.parameters import source_of
from shared.runtime.declarations import Routed
from shared.runtime.query import Page
from shared.runtime.webhook import Webhook
from tests.support.api import Api, Caller
from tests.support.estate import Estate
from tests.support.tenants import PASSWORD

Json = dict[str, Any]

# What an id that stands under a name is the id of.
KINDS = {
    "agent_id": "agent",
    "api_key_id": "api_key",
    "channel_id": "channel",
    "channel_token": "token",
    "chat_id": "chat",
    "contact_id": "contact",
    "dead_letter_id": "dead_letter",
    "default_agent_id": "bot",
    "delivery_id": "delivery",
    "external_identity_id": "external_identity",
    "login_session_id": "login_session",
    "media_id": "media",
    "member_id": "member",
    "merge_id": "merge",
    "message_group_id": "group",
    "message_id": "message",
    "quoted_message_id": "message",
    "participant_id": "participant",
    "participants": "contact",
    "scheduled_message_id": "scheduled",
    "sender_contact_id": "contact",
    "project_id": "project",
    "reply_to": "message",
    "session_id": "session",
    "tenant_id": "tenant",
    "user_id": "user",
}


# What stands in a path and is the id of nothing.
WORDS = {"component": "database"}
# Where an operation asks for a thing in a certain state.
STATES = {
    ("assign_message_agent", "message_id"): "sent_message",
    ("confirm_delivery", "message_id"): "sent_message",
    ("retry_message", "message_id"): "failed_message",
    ("recall_message", "message_id"): "sent_message",
    ("unmerge_contact", "contact_id"): "survivor",
    ("close_chat", "chat_id"): "closing_chat",
    ("reopen_chat", "chat_id"): "closed_chat",
    ("add_chat_participant", "chat_id"): "group_chat",
    ("remove_chat_participant", "chat_id"): "group_chat",
    ("update_chat_participant", "chat_id"): "group_chat",
    ("cancel_scheduled_message", "scheduled_message_id"): "doomed_scheduled",
    ("retry_media", "media_id"): "failed_media",
    ("deactivate_channel", "channel_id"): "spare_channel",
    ("delete_channel", "channel_id"): "doomed_channel",
    ("get_channel_qr", "channel_id"): "pairing_channel",
    ("request_pairing_code", "channel_id"): "pairing_channel",
    ("get_import_status", "channel_id"): "fetching_channel",
    ("pause_history_import", "channel_id"): "pausing_channel",
    ("resume_history_import", "channel_id"): "resuming_channel",
    ("cancel_history_import", "channel_id"): "cancelling_channel",
}


def _channel(it: Estate) -> Json:
    return {
        "type": "waha",
        "name": "Vendas",
        "base_url": "https://waha.example.com",
        "session_name": "default",
        "engine": "GOWS",
        "api_key": "the-servers-own-key",
        "default_agent_id": it.live["bot"],
    }


def _in_days(days: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def _message(**to: str) -> Json:
    return {"type": "text", "text": "Bom dia!", **to}


def _past() -> Json:
    at = _in_days(-5)
    return {"external_id": "3EB0A1", "phone": "+5511933334444", "direction": "inbound", "sent_at": at, "text": "Oi"}


# For every operation with a body, bodies that are good; between them they fill every field that takes an id.
BODIES: dict[str, Callable[[Estate], list[Json]]] = {
    "add_chat_participant": lambda it: [{"contact_id": it.live["silent_contact"]}],
    "add_project_member": lambda _: [{"email": "nova@example.com", "name": "Nova", "role": "agent"}],
    "assign_message_agent": lambda it: [{"agent_id": it.live["agent"]}],
    "assign_session": lambda it: [{"agent_id": it.live["agent"]}],
    "check_numbers": lambda _: [{"phones": ["+5511933334444"]}],
    "close_session": lambda _: [{"outcome": "resolved"}],
    "confirm_delivery": lambda _: [{"status": "delivered"}],
    "deactivate_channel": lambda _: [{"logout": True}],
    "request_pairing_code": lambda _: [{"phone": "+5511933334444"}],
    "create_agent": lambda _: [{"name": "Leo"}],
    "create_api_key": lambda _: [{"name": "Website"}],
    "create_channel": lambda it: [_channel(it)],
    "create_chat": lambda it: [
        {"contact_id": it.live["new_contact"], "channel_id": it.live["channel"]},
        {
            "kind": "group",
            "channel_id": it.live["channel"],
            "subject": "Pedidos",
            "participants": [it.live["new_contact"]],
        },
    ],
    "create_contact": lambda _: [{"phone": "+5511933334444", "name": "Eva"}],
    "create_media": lambda _: [
        {"kind": "image", "file_name": "bolo.png", "mimetype": "image/png", "size_bytes": 2048},
    ],
    "create_message": lambda it: [
        _message(chat_id=it.live["chat"], reply_to=it.live["message"]),
        {"type": "image", "chat_id": it.live["chat"], "media_id": it.live["stored_media"]},
        _message(contact_id=it.live["contact"], channel_id=it.live["channel"]),
        {"type": "image", "media_id": it.live["stored_media"], "chat_id": it.live["chat"]},
    ],
    "forward_message": lambda it: [
        {"chat_id": it.live["chat"]},
        {"contact_id": it.live["contact"], "channel_id": it.live["channel"]},
    ],
    "react_to_message": lambda _: [{"emoji": "👍"}],
    "type_in_chat": lambda _: [{"seconds": 3}],
    "import_history": lambda _: [{"media": True}],
    "import_messages": lambda it: [{"channel_id": it.live["channel"], "messages": [_past()]}],
    "reconcile_channel": lambda _: [{"days": 3}],
    "schedule_message": lambda it: [
        {"send_at": _in_days(30), "message": _message(chat_id=it.live["chat"])},
    ],
    "update_scheduled_message": lambda _: [{"send_at": _in_days(60)}],
    "login": lambda it: [
        {"email": it.tenant.admin.email, "password": PASSWORD, "tenant_id": it.live["tenant"]},
    ],
    "register": lambda _: [
        {"tenant_name": "Nova", "name": "Nova", "email": "nova@example.com", "password": "a long password"}
    ],
    "qualify_contact": lambda _: [{"score": 80}],
    "refresh_tokens": lambda it: [{"refresh_token": it.live["refresh_token"]}],
    "search_chats": lambda _: [{"query": "ana"}],
    "search_contacts": lambda _: [{"query": "ana"}],
    "search_messages": lambda it: [
        {"query": "oi", **{f"{kind}_id": it.live[kind] for kind in ("chat", "session", "contact", "channel")}},
    ],
    "search_sessions": lambda _: [{"query": "ana"}],
    "set_chat_labels": lambda _: [{"labels": []}],
    # Where no session is open: what these two are about nobody else asks for.
    "start_session": lambda it: [
        {"chat_id": it.live["silent_chat"]},
        {"contact_id": it.live["silent_contact"], "channel_id": it.live["channel"]},
    ],
    "switch_session_bot": lambda _: [{"paused": True}],
    "unmerge_contact": lambda it: [{"merge_id": it.live["merge"]}],
    "update_channel": lambda it: [{"default_agent_id": it.live["bot"]}],
    "update_chat": lambda _: [{"metadata": {"deal": "A-17"}}],
    "update_chat_participant": lambda _: [{"role": "admin"}],
    "update_contact": lambda _: [{"name": "Ana Lima"}],
    "update_message": lambda _: [{"metadata": {"ticket": "A-17"}}],
    "update_project": lambda _: [{"name": "Vendas"}],
    "update_project_member": lambda _: [{"role": "agent"}],
    "update_user": lambda _: [{"name": "Bia Lima"}],
}
# What a list cannot be asked without.
QUERIES: dict[str, Callable[[Estate], dict[str, str]]] = {
    "list_messages": lambda it: {"filter[chat_id]": it.live["chat"]},
}


@dataclass(frozen=True)
class Question:
    """One request of one operation."""

    declared: Routed
    values: dict[str, str]
    query: dict[str, str]
    body: Json | None

    def ask(self, api: Api, caller: Caller | None) -> TestResponse:
        path = self.declared.path.format(**self.values)
        query = f"?{urlencode(self.query)}" if self.query else ""
        return api.request(
            self.declared.method, path + query, as_=caller, json=self.body, headers={"X-Request-Id": "same"}
        )


@dataclass(frozen=True)
class Place:
    """Where an id stands: in the `path`, a `filter`, a `cursor` or a field of the `body`."""

    declared: Routed
    where: str
    name: str
    plain: Question = field(repr=False)

    @property
    def kind(self) -> str:
        return KINDS[self.name]

    def with_id(self, value: str) -> Question:
        """The question with this id in this place, and otherwise as it is good."""
        if self.where == "path":
            return replace(self.plain, values={**self.plain.values, self.name: value})
        if self.where == "filter":
            return replace(self.plain, query={**self.plain.query, f"filter[{self.name}]": value})
        if self.where == "cursor":
            return replace(self.plain, query={**self.plain.query, "cursor": cursor(self.declared, value)})
        body = self.plain.body or {}
        return replace(self.plain, body={**body, self.name: [value] if isinstance(body[self.name], list) else value})

    def __str__(self) -> str:
        return f"{self.declared.name} {self.where} {self.name}"


class Unprepared(LookupError):
    """An operation, or a place in one, for which nothing is prepared here."""


def questions(declared: Routed, estate: Estate) -> list[Question]:
    """Good questions about what the estate holds. Unprepared: nothing is known to ask."""
    query = QUERIES.get(declared.name, lambda _: {})(estate)
    return [Question(declared, _values(declared, estate), query, body) for body in _bodies(declared, estate)]


def _bodies(declared: Routed, estate: Estate) -> list[Json] | list[None]:
    if "body" not in declared.types or isinstance(declared, Webhook):
        return [None]
    if declared.name not in BODIES:
        raise Unprepared(f"{declared.name}: write a good body")
    return BODIES[declared.name](estate)


def _values(declared: Routed, estate: Estate) -> dict[str, str]:
    return {
        name: token_of(estate) if name == "channel_token" else _own(declared, name, estate)
        for name in declared.placeholders()
    }


def _own(declared: Routed, name: str, estate: Estate) -> str:
    if name in WORDS:
        return WORDS[name]
    kind = STATES.get((declared.name, name), KINDS.get(name))
    if kind not in estate.live:
        raise Unprepared(f"{name}: say what it is the id of")
    return estate.live[kind]


def token_of(estate: Estate) -> str:
    return estate.channel.path.rpartition("/")[2]


def places(declared: Routed, estate: Estate) -> list[Place]:
    """Every place where an id may stand. Unprepared: nothing is known to ask, or no body has the field."""
    asked = questions(declared, estate)
    found = [Place(declared, "path", name, asked[0]) for name in sorted(declared.placeholders() - WORDS.keys())]
    found += [Place(declared, "filter", name, asked[0]) for name in _filters(declared)]
    if get_origin(declared.types["return"]) is Page and declared.method == "GET":
        found.append(Place(declared, "cursor", _key(declared), asked[0]))
    found += [Place(declared, "body", name, _holding(name, asked)) for name in _fields(declared)]
    for place in found:
        if place.name not in KINDS:
            raise Unprepared(f"{place}: say what it is the id of")
    return found


def _holding(name: str, asked: list[Question]) -> Question:
    found = next((each for each in asked if name in (each.body or {})), None)
    if found is None:
        raise Unprepared(f"{asked[0].declared.name}: write a body with {name}")
    return found


def _filters(declared: Routed) -> Iterator[str]:
    if "filters" in declared.types:
        source = source_of(declared)
        hints = get_type_hints(source.view)
        yield from (name for name in source.filters if _is_id(hints[name]))


def _fields(declared: Routed) -> Iterator[str]:
    names = (name for kind in _kinds(declared.types.get("body")) for name, hint in kind.items() if _is_id(hint))
    yield from dict.fromkeys(names)


def _kinds(body: Any) -> Iterator[dict[str, Any]]:
    """The fields of a body, or of each of the kinds that it may be of."""
    if isinstance(body, type):
        yield get_type_hints(body) if hasattr(body, "model_fields") else {}
    else:
        yield from (fields for each in get_args(body) for fields in _kinds(each))


def _is_id(hint: Any) -> bool:
    return UUID in (hint, *get_args(hint))


def _key(declared: Routed) -> str:
    """The name under which the ids of a list's own things go."""
    source = source_of(declared)
    return f"{source.noun.replace('inbound ', '').replace(' ', '_')}_id"


def cursor(declared: Routed, value: str) -> str:
    """A cursor as the list gives them out: everything that is older than this moment and this id comes next."""
    name = source_of(declared).default_sort.partition(":")[0]
    raw = json.dumps([name, "next", "2999-01-01T00:00:00+00:00", value])
    return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")
