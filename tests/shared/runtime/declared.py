"""Ways to call a function that a test has declared itself."""

from uuid import uuid4

from shared.runtime.declarations import declaration_of
from tests.support.api import as_gateway, call


def request(function, method="GET", path="/", *, as_=None, headers=None, **body):
    """Send a request through the gateway to one function."""
    given = as_gateway({**(as_.headers if as_ else {}), **(headers or {})})
    return call(declaration_of(function), method, path, headers=given, **body)


def envelope(tenant, event_type="contact.created", **data):
    """An event as the bus carries it."""
    return {
        "event_id": str(uuid4()),
        "event_type": event_type,
        "event_version": "v1",
        "occurred_at": "2026-01-31T12:00:00+00:00",
        "tenant_id": str(tenant.tenant_id),
        "project_id": str(tenant.project_id),
        "aggregate_type": "contact",
        "aggregate_id": str(uuid4()),
        "aggregate_version": 1,
        "correlation_id": "c1",
        "causation_id": None,
        "actor": {"type": "system", "id": None},
        "data": data or {"contact_id": str(uuid4()), "source": "api"},
    }


def task_body(tenant, name="resume_message", **data):
    """A task as the queue carries it."""
    return {
        "task_id": str(uuid4()),
        "task": name,
        "tenant_id": str(tenant.tenant_id),
        "correlation_id": "c1",
        "data": data or {"message_id": str(uuid4())},
    }
