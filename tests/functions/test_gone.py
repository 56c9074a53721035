"""What a task or an event is about may be gone when its turn comes: then there is nothing to do."""

import json
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from shared.kernel.events import Event
from shared.kernel.ids import uuid7
from shared.kernel.tasks import Task
from shared.runtime.consume import Consumer
from shared.runtime.outbox import plain
from shared.runtime.task import TaskFunction
from tests.support.calls import give
from tests.support.first_requests import anything
from tests.support.functions import declared
from tests.support.world import push


def about_nothing(kind: type[Task | Event]) -> Any:
    """Its ids are of nothing, the rest is anything of its type."""
    hints = get_type_hints(kind)
    return kind(**{each.name: anything(hints[each.name]) for each in fields(kind)})  # type: ignore[arg-type] # made a dataclass


@pytest.mark.parametrize("spec", declared(TaskFunction), ids=lambda spec: spec.name)
def test_a_task_about_what_is_gone_is_done(spec, tenant):
    assert give(tenant.tenant_id, about_nothing(spec.task)) == 204


@pytest.mark.parametrize("spec", declared(Consumer), ids=lambda spec: spec.name)
def test_an_event_about_what_is_gone_is_taken(spec, tenant):
    for kind in spec.events:
        assert push(spec, _told(kind, tenant)) == 204, kind


def _told(kind: type[Event], tenant: Any) -> dict[str, Any]:
    data = json.loads(json.dumps(plain(about_nothing(kind)), default=str))
    return {
        "event_id": str(uuid7()),
        "event_type": kind.event_type,
        "event_version": 1,
        "occurred_at": "2026-01-31T12:00:00Z",
        "tenant_id": str(tenant.tenant_id),
        "project_id": str(tenant.project_id),
        "aggregate_type": kind.event_type.partition(".")[0],
        "aggregate_id": str(uuid7()),
        "aggregate_version": 1,
        "correlation_id": None,
        "causation_id": None,
        "actor": {"type": "system", "id": None},
        "data": data,
    }
