from uuid import UUID

import pytest

from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.postgres import sql
from shared.runtime.schedule import schedule
from tests.shared.runtime.declared import request
from tests.support.registries import own_registries


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def test_it_finds_what_is_due_and_hands_each_tenant_its_task(tenant, other_tenant, world):
    rows = [(each.tenant_id, each.project_id) for each in (tenant, other_tenant)]
    for tenant_id, key in rows:
        world.run(
            "insert into outbox_tasks (tenant_id, id, queue, task, body) values (:tenant_id, :id, 'q', 't', '{}')",
            tenant_id=tenant_id,
            id=key,
        )

    @schedule("* * * * *")
    def sweep_kites(tenants) -> None:
        """Sweep the kites."""
        found = tenants.find(sql("select tenant_id, id from outbox_tasks where task = 't' order by seq"))
        tenants.schedule((UUID(tenant_id), ResumeMessage(message_id=UUID(key))) for tenant_id, key in found)

    assert request(sweep_kites, "POST").status_code == 204
    made = world.tasks("resume_message")
    assert [(UUID(row["tenant_id"]), UUID(row["body"]["data"]["message_id"])) for row in made] == rows


def test_it_sees_nothing_that_is_not_its_business(tenant):
    @schedule("* * * * *")
    def read_names(tenants) -> None:
        """Read the names."""
        tenants.find(sql("select name from users"))

    assert request(read_names, "POST").status_code == 500


def test_a_schedule_that_fails_says_so(database):
    @schedule("* * * * *")
    def sweep_kites(tenants) -> None:
        """Sweep the kites."""
        raise ValueError("no")

    assert request(sweep_kites, "POST").status_code == 500
