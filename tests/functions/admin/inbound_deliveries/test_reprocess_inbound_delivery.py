from typing import Any

import pytest

from infra.fakes.waha_events import make_event
from tests.support.borders import hidden
from tests.support.conversation import ANA, speak
from tests.support.waha import waha_channel

PATH = "/api/v1/admin/inbound-deliveries/{}/reprocess"
STATE = (
    "select (select json_agg(m order by m.id) from messages m) as messages,"
    "(select json_agg(c order by c.id) from contacts c) as contacts,"
    "(select json_agg(s order by s.id) from sessions s) as sessions,"
    "(select json_agg(g order by g.id) from message_groups g) as groups,"
    "(select count(*) from outbox_events) as events, (select count(*) from outbox_tasks) as tasks"
)


@pytest.fixture
def channel(world, api, tenant):
    return waha_channel(world, api, tenant)


def newest(world):
    return world.value("select id from inbound_deliveries order by received_at desc limit 1")


def test_what_was_kept_is_worked_off_again_and_nothing_changes(api, world, tenant, channel):
    speak(world, channel)
    before = world.rows(STATE)
    for _ in range(2):
        answer = api.post(PATH.format(newest(world)), as_=tenant.admin)
        assert answer.status_code == 200
        assert answer.json["status"] == "kept"
        assert answer.json["reprocessed_at"] is not None
    assert world.rows(STATE) == before


def test_a_duplicate_stays_one(api, world, tenant, channel):
    told: dict[str, Any] = {
        "body": "Oi!",
        "customer": ANA,
        "message_id": "3EB0AAAAAAAAAAAAAAAA",
        "timestamp": 1_783_000_000,
    }
    channel.deliver(make_event("GOWS", "text", **told))
    channel.deliver(make_event("GOWS", "text", event="message", **told))
    before = world.rows(STATE)
    assert api.post(PATH.format(newest(world)), as_=tenant.admin).json["status"] == "duplicate"
    assert world.rows(STATE) == before


def test_what_was_not_understood_is_taken_in_once_it_is(api, world, tenant, channel):
    """As after a deployment that understands more: here the rest of what was kept is forgotten instead."""
    speak(world, channel)
    delivery_id = newest(world)
    for table in (
        "messages",
        "message_groups",
        "sessions",
        "chat_addresses",
        "chats",
        "contact_identities",
        "contacts",
    ):
        world.run(f"delete from {table}")
    world.run("update inbound_deliveries set status = 'failed', message_id = null, contact_id = null")
    answer = api.post(PATH.format(delivery_id), as_=tenant.admin).json
    assert (answer["id"], answer["status"]) == (delivery_id, "kept")
    assert answer["message_id"] == world.value("select id from messages")


def test_whoever_was_deleted_since_stays_so(api, world, tenant, channel):
    spoken = speak(world, channel)
    api.delete(f"/api/v1/crm/contacts/{spoken.contact_id}", as_=tenant.admin)
    api.post(PATH.format(newest(world)), as_=tenant.admin)
    assert api.get(f"/api/v1/crm/contacts/{spoken.contact_id}", as_=tenant.admin).status_code == 404


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_may(api, world, tenant, channel, role):
    speak(world, channel)
    assert api.post(PATH.format(newest(world)), as_=getattr(tenant, role)).status_code == 403
    assert world.value("select reprocessed_at from inbound_deliveries") is None


def test_a_stranger_may_not(api, world, channel):
    speak(world, channel)
    assert api.post(PATH.format(newest(world))).status_code == 401


def test_another_tenants_delivery_looks_like_one_that_never_was(api, world, tenant, other_tenant):
    speak(world, waha_channel(world, api, other_tenant))
    assert hidden(api, tenant.admin, "POST", PATH, newest(world))
    assert world.value("select reprocessed_at from inbound_deliveries") is None
