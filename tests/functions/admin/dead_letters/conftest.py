"""Dead letters as they come about: an event that a consumer cannot take, and a task that its function cannot do."""

from contextlib import contextmanager
from importlib import import_module

import pytest

from shared.crm.sessions.tasks import ExpireSession
from shared.kernel.ids import uuid7
from shared.runtime.outbox import plain
from tests.support.calls import doer
from tests.support.functions import consumers_of
from tests.support.world import perform, push


@contextmanager
def broken(monkeypatch, function, name):
    """A function with a bug in it, for as long as the block lasts."""

    def fail(*_):
        raise ZeroDivisionError("11987654321")

    with monkeypatch.context() as bug:
        bug.setattr(import_module(function), name, fail)
        yield


@pytest.fixture
def broken_timeline(monkeypatch):
    return lambda: broken(monkeypatch, "functions.crm.contact_events.record_timeline", "record")


@pytest.fixture
def die(api, world, broken_timeline):
    """Makes a contact whose event the timeline cannot take; its envelope."""

    def die(tenant, phone="+5511933334444"):
        answer = api.post("/api/v1/crm/contacts", {"phone": phone, "name": "Eva"}, as_=tenant.agent)
        assert answer.status_code == 201, answer.text
        envelope = world.events("contact.created")[-1]
        (timeline,) = consumers_of("contact.created")
        with broken_timeline():
            assert push(timeline, envelope, attempt=10, ordering_key="k") == 204
        world.run("update outbox_events set published_at = now()")
        return envelope

    return die


@pytest.fixture
def die_task(monkeypatch):
    """Lets the task that ends a session fail for the last time; its body."""

    def die_task(tenant):
        data = {name: str(value) for name, value in plain(ExpireSession(session_id=uuid7())).items()}
        names = {"task_id": str(uuid7()), "task": "expire_session", "tenant_id": str(tenant.tenant_id)}
        body = {**names, "data": data}
        with broken(monkeypatch, "functions.crm.sessions.expire_session", "Sessions"):
            assert perform(doer("expire_session"), body, attempt=20) == 204
        return body

    return die_task
