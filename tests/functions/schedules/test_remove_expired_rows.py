from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import make_ack
from shared.runtime import schedule
from tests.support.calls import tick
from tests.support.shop import ANA

KEPT = ("inbound_deliveries", "early_events", "inbox")


@pytest.fixture
def counts(world):
    return lambda: {name: world.value(f"select count(*) from {name}") for name in KEPT}


@pytest.fixture
def filled(shops, world):
    """Each tenant has a raw delivery, a receipt that waits for its message, and an inbox row."""
    for shop in shops:
        shop.hears("Oi")
        ack = make_ack(shop.engine, 3, chat=ANA.phone_address, message_id="3EB0A1")
        assert shop.channel.deliver(ack).status_code == 200
    world.run(
        "insert into inbox (tenant_id, consumer, event_id) select id, 'run_agent', gen_random_uuid() from tenants"
    )


def test_what_is_still_wanted_stays(filled, counts):
    before = counts()
    assert before["early_events"] == 2
    assert tick("remove_expired_rows") == 204
    assert counts() == before


def test_what_has_expired_goes_in_every_tenant_and_nothing_else(filled, world, counts):
    messages = world.value("select count(*) from messages")
    world.run("update inbound_deliveries set expires_at = now() - interval '1 second'")
    world.run("update early_events set expires_at = now() - interval '1 second'")
    world.run("update inbox set consumed_at = now() - interval '30 days 1 second'")
    assert tick("remove_expired_rows") == 204
    assert counts() == dict.fromkeys(KEPT, 0)
    assert world.value("select count(*) from messages") == messages


def test_one_tenants_rows_do_not_take_anothers_along(filled, world, tenant, counts):
    one = tenant.tenant_id
    world.run("update inbound_deliveries set expires_at = now() - interval '1 second' where tenant_id = :one", one=one)
    kept = counts()["inbound_deliveries"] // 2
    assert tick("remove_expired_rows") == 204
    assert counts()["inbound_deliveries"] == kept


def test_it_goes_a_few_at_a_time_until_none_is_left(filled, world, counts, monkeypatch):
    monkeypatch.setattr(schedule, "MOST_AT_ONCE", 3)
    world.run(
        "insert into inbox (tenant_id, consumer, event_id, consumed_at) select id, 'run_agent', gen_random_uuid(), "
        "now() - make_interval(days => 31 + n) from tenants, generate_series(1, 10) as n"
    )
    before = counts()["inbox"]
    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(tick, ["remove_expired_rows"] * 3)) == [204] * 3
    assert counts()["inbox"] == before - 20


def test_dead_letters_leave_before_the_inbox_forgets(world, tenant):
    row = (
        "insert into dead_letters (id, tenant_id, kind, function, message_id, type, destination, ordering_key, body, "
        "correlation_id, attempts, reason, places) values (gen_random_uuid(), :id, 'task', 'f', gen_random_uuid(), "
        "'t', 'q', '', '{}', '', 20, 'E', '[]') returning expires_at < now() + interval '30 days'"
    )
    assert world.run(row, id=tenant.tenant_id) == [("t",)]
    assert tick("remove_expired_rows") == 204
    assert world.value("select count(*) from dead_letters") == 1
    world.run("update dead_letters set expires_at = now() - interval '1 second'")
    assert tick("remove_expired_rows") == 204
    assert world.value("select count(*) from dead_letters") == 0
