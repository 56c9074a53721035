import pytest

from shared.runtime.work import unit_of_work
from tests.support.api import as_gateway


def test_a_tenant_has_a_person_of_each_role(tenant, world):
    roles = world.rows("select user_id, role from memberships where tenant_id = :id", id=tenant.tenant_id)
    assert {(str(person.user_id), person.role.name.lower()) for person in tenant.people} == {
        (row["user_id"], row["role"]) for row in roles
    }


@pytest.mark.parametrize("again", [False, True])
def test_a_test_begins_with_an_empty_database_and_the_true_time(world, again):
    tables = world.rows("select relname from pg_stat_user_tables where schemaname = 'public'")
    counts = {row["relname"]: world.value(f"select count(*) from {row['relname']}") for row in tables}
    assert {name for name, count in counts.items() if count} == {"schema_version"}
    assert world.value("select shift from pretended.clock") == "00:00:00"
    world.new_tenant()
    world.advance(3600)


def test_time_can_pass_at_once_for_the_product_too(world, tenant):
    before = world.now()
    world.advance(90)
    assert (world.now() - before).total_seconds() >= 90
    with unit_of_work(tenant.tenant_id) as uow:
        assert (uow.now - before).total_seconds() >= 90


def test_the_gateway_takes_the_callers_token_out_of_its_own_header():
    seen = as_gateway({"Authorization": "Bearer mine", "X-API-Key": "key"})
    assert seen["X-Forwarded-Authorization"] == "Bearer mine"
    assert seen["Authorization"] != "Bearer mine"
    assert seen["X-API-Key"] == "key"


def test_a_path_that_nobody_declared_is_not_found(api, tenant):
    assert api.get("/nowhere", as_=tenant.admin).status_code == 404
