"""The first request of every function: one that it takes, as the gateway or the platform would send it."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import EnumType
from typing import Any, get_args, get_type_hints
from urllib.parse import urlencode
from uuid import UUID

from infra.fakes.waha_events import make_event
from shared.kernel.events import Event
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.providers.waha.signature import sign
from shared.runtime.burial import Burial
from shared.runtime.consume import Consumer
from shared.runtime.declarations import Declaration
from shared.runtime.http import Endpoint
from shared.runtime.identity import SERVICE, Access, Allow
from shared.runtime.outbox import plain
from shared.runtime.preflight import Preflight
from shared.runtime.task import TaskFunction
from shared.runtime.webhook import Webhook
from tests.support.api import as_gateway
from tests.support.ground import DANI, Ground
from tests.support.operations import KINDS, Unprepared, questions, token_of
from tests.support.services import WATCHER
from tests.support.waha import HMAC_KEY

BY_TYPE: dict[Any, Any] = {
    UUID: uuid7,
    str: lambda: "text",
    int: lambda: 1,
    bool: lambda: False,
    datetime: lambda: datetime.now(UTC).isoformat(),
}


@dataclass(frozen=True, kw_only=True)
class First:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


def first_request(declared: Declaration, ground: Ground, *, by_key: bool = False) -> First:
    """A good first request; `by_key`: whoever asks shows an API key and no token. Unprepared: nothing is known."""
    if isinstance(declared, Webhook):
        return _delivery(declared, ground)
    if isinstance(declared, Endpoint):
        return _question(declared, ground, by_key=by_key)
    if isinstance(declared, Preflight):
        asked = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}
        return First(method="OPTIONS", path="/api/v1/crm/contacts", headers=asked)
    return First(method="POST", path="/", headers={}, body=json.dumps(_body(declared, ground), default=str).encode())


def _question(declared: Endpoint, ground: Ground, *, by_key: bool) -> First:
    asked = questions(declared, ground.estate)[0]
    query = f"?{urlencode(asked.query)}" if asked.query else ""
    known = _credentials(declared.allow, ground, by_key=by_key)
    body = b"" if asked.body is None else json.dumps(asked.body).encode()
    path = declared.path.format(**asked.values) + query
    return First(method=declared.method, path=path, headers=as_gateway(known), body=body)


def _credentials(allow: Allow, ground: Ground, *, by_key: bool) -> Mapping[str, str]:
    if isinstance(allow, Access):
        return WATCHER.headers if allow is SERVICE else {}
    admin = ground.estate.tenant.admin
    return (admin.key if by_key else admin).headers


def _delivery(declared: Webhook, ground: Ground) -> First:
    if declared.name != "receive_waha":
        raise Unprepared(f"{declared.name}: say what its provider delivers")
    body = json.dumps(make_event("GOWS", "text", event="message", body="Oi!", customer=DANI)).encode()
    signed = {"X-Webhook-Hmac": sign(body, HMAC_KEY), "X-Webhook-Hmac-Algorithm": "sha512"}
    path = declared.path.format(channel_token=token_of(ground.estate))
    return First(method="POST", path=path, headers=signed, body=body)


def _body(declared: Declaration, ground: Ground) -> dict[str, Any]:
    """What the platform pushes to a function without a path; a schedule is sent nothing."""
    if isinstance(declared, Burial):
        told = _pushed(ground.events[-1], declared)
        origin = {"CloudPubSubDeadLetterSourceSubscription": "record_timeline.contact.1"}
        told["message"]["attributes"] = {**origin, "CloudPubSubDeadLetterSourceDeliveryCount": "10"}
        return told
    if isinstance(declared, Consumer):
        return _pushed(_event_for(declared, ground), declared)
    if isinstance(declared, TaskFunction):
        return _task_for(declared, ground)
    return {}


def _pushed(envelope: dict[str, Any], declared: Declaration) -> dict[str, Any]:
    data = base64.b64encode(json.dumps(envelope, default=str).encode()).decode()
    message = {"data": data, "messageId": "1", "attributes": {}, "orderingKey": envelope["aggregate_id"]}
    return {"message": message, "subscription": f"projects/p/subscriptions/{declared.name}", "deliveryAttempt": 1}


def _event_for(declared: Consumer, ground: Ground) -> dict[str, Any]:
    """The newest event that happened of those it takes; one made up where none did."""
    wanted = {event.event_type for event in declared.events}
    happened = (event for event in reversed(ground.events) if event["event_type"] in wanted)
    return next(happened, None) or _made_up_event(declared.events[0], ground)


def _made_up_event(event: type[Event], ground: Ground) -> dict[str, Any]:
    return {
        "event_id": str(uuid7()),
        "event_type": event.event_type,
        "event_version": 1,
        "occurred_at": datetime.now(UTC).isoformat(),
        "tenant_id": ground.estate.live["tenant"],
        "project_id": ground.estate.live["project"],
        "aggregate_type": event.event_type.partition(".")[0],
        "aggregate_id": str(uuid7()),
        "aggregate_version": 1,
        "correlation_id": None,
        "causation_id": None,
        "actor": {"type": "system", "id": None},
        "data": made_up(event, ground),
    }


def _task_for(declared: TaskFunction, ground: Ground) -> dict[str, Any]:
    """The newest task that is to be done; one made up where there is none."""
    waiting = (row["body"] for row in reversed(ground.tasks) if row["task"] == declared.task.task_name)
    made = {"task_id": str(uuid7()), "tenant_id": ground.estate.live["tenant"]}
    return next(waiting, None) or {**made, "data": made_up(declared.task, ground)}


def made_up(kind: type[Event] | type[Task], ground: Ground) -> Any:
    """The fields of an event or a task: ids are those of things that there are, the rest is anything of its type."""
    hints = get_type_hints(kind)
    values = {each.name: _value(each.name, hints[each.name], ground) for each in fields(kind)}  # type: ignore[arg-type] # made a dataclass
    return plain(kind(**values))


def _value(name: str, hint: Any, ground: Ground) -> Any:
    live = ground.estate.live
    if KINDS.get(name, name.removesuffix("_id")) in live:
        return UUID(live[KINDS.get(name, name.removesuffix("_id"))])
    return anything(hint)


def anything(hint: Any) -> Any:
    """Some value of a field of an event or a task; of one that need not be there, none."""
    if hint in BY_TYPE:
        return BY_TYPE[hint]()
    if isinstance(hint, EnumType):
        return next(iter(hint))
    return None if type(None) in get_args(hint) else []
