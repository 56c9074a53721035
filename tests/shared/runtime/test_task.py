import pytest

from shared.core.projects.store import Projects
from shared.crm.messages.tasks import ResumeMessage
from shared.kernel.values import Name
from shared.runtime.consume import Busy
from shared.runtime.declarations import declaration_of
from shared.runtime.task import task
from tests.shared.runtime.declared import task_body
from tests.support.api import call
from tests.support.registries import own_registries
from tests.support.world import perform


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def declared(work):
    def resume_message(uow, task) -> None:
        """Resume a message."""
        work(uow, task)

    return declaration_of(task(ResumeMessage)(resume_message))


def test_a_task_is_done_once_however_often_it_is_sent(tenant, world):
    seen = []

    def work(uow, task):
        seen.append(task)
        Projects(uow).get(tenant.project_id).update(name=Name("Pipa"))

    body, spec = task_body(tenant), declared(work)
    assert [perform(spec, body), perform(spec, body)] == [204, 204]
    assert [str(task.message_id) for task in seen] == [body["data"]["message_id"]]
    assert world.value("select version from projects") == 2
    assert world.events()[0]["causation_id"] == body["task_id"]


@pytest.mark.parametrize(("error", "status"), [(ValueError("no"), 500), (Busy("later"), 503)])
def test_a_task_that_fails_is_sent_again(tenant, world, error, status):
    attempts = []

    def work(uow, task):
        attempts.append(1)
        if len(attempts) == 1:
            raise error

    body, spec = task_body(tenant), declared(work)
    assert perform(spec, body) == status
    assert world.value("select count(*) from inbox") == 0
    assert [perform(spec, body), perform(spec, body)] == [204, 204]
    assert len(attempts) == 2


def test_a_task_that_fails_for_the_last_time_is_kept(tenant, world):
    def work(uow, task):
        raise ValueError("hunter2")

    body, spec = task_body(tenant), declared(work)
    assert [perform(spec, body, attempt=number) for number in (1, 19, 20)] == [500, 500, 204]
    (letter,) = world.rows("select * from dead_letters")
    assert (letter["kind"], letter["function"], letter["type"]) == ("task", "resume_message", "resume_message")
    assert (letter["message_id"], letter["destination"]) == (body["task_id"], "sweeps")
    assert (letter["reason"], letter["attempts"], letter["body"]) == ("ValueError", 20, body)


@pytest.mark.parametrize(
    "body", ["hunter2", [], {"tenant_id": "hunter2"}, {"task_id": 1, "tenant_id": "x", "data": {}}]
)
def test_what_is_no_task_is_refused_and_not_quoted(database, capsys, body):
    assert call(declared(lambda *_: None), "POST", "/", json=body).status_code == 500
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
