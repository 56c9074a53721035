import pytest

from infra.fakes.waha_events import Addressing
from tests.support.calls import tick


@pytest.fixture
def hidden(shops):
    """Somebody known by a hidden id alone wrote to each tenant: its tenant and look-up, in the order of tenants."""
    for shop in shops:
        shop.hears("Oi", addressing=Addressing.LID)
    return shops[0].world.rows("select tenant_id, id from lid_lookups order by tenant_id")


def test_the_phone_behind_each_hidden_id_is_asked_for_in_every_tenant(world, hidden, swept):
    assert len(hidden) == 2
    swept()
    world.advance(1)
    assert tick("sweep_lids") == 204
    assert swept() == [(row["tenant_id"], "look_up_lid", row["id"]) for row in hidden]


def test_who_is_not_due_is_left_alone(world, hidden, swept):
    swept()
    world.run("update lid_lookups set next_at = clock_timestamp() + interval '1 hour'")
    assert (tick("sweep_lids"), swept()) == (204, [])
