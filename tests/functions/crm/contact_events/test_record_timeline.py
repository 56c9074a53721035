from uuid import uuid4

from infra.fakes.waha_events import Addressing
from tests.support.conversation import speak
from tests.support.functions import consumers_of
from tests.support.world import push

ROWS = "select id, contact_id, type, data, project_id from contact_events order by occurred_at"


def recorder():
    (spec,) = [each for each in consumers_of("contact.created") if each.name == "record_timeline"]
    return spec


def test_each_event_is_noted_under_its_own_id(world, tenant, spoken):
    world.drain()
    rows = {row["id"]: row for row in world.rows(ROWS)}
    for event in world.events():
        if "contact_id" in event["data"]:
            row = rows.pop(event["event_id"])
            assert (row["type"], row["data"]) == (event["event_type"], event["data"])
            assert (row["contact_id"], row["project_id"]) == (str(spoken.contact_id), str(tenant.project_id))
    assert rows == {}


def test_the_same_event_again_is_noted_once(world, spoken):
    (event,) = world.events("contact.created")
    assert [push(recorder(), event) for _ in range(3)] == [204] * 3
    world.run("delete from inbox")
    assert push(recorder(), event) == 204
    assert len(world.rows(ROWS)) == 1


def test_an_event_of_nobody_is_noted_nowhere(world, spoken):
    (event,) = world.events("session.started")
    for contact_id in (None, str(uuid4())):
        told = {**event, "event_id": str(uuid4()), "data": {**event["data"], "contact_id": contact_id}}
        assert push(recorder(), told) == 204
    assert world.rows(ROWS) == []


def test_another_tenants_contact_is_nobody(world, spoken, theirs, tenant):
    (event,) = [each for each in world.events("contact.created") if each["tenant_id"] == str(tenant.tenant_id)]
    told = {**event, "data": {**event["data"], "contact_id": str(theirs.contact_id)}}
    assert push(recorder(), told) == 204
    assert world.rows(ROWS) == []


def test_what_comes_late_is_noted_under_whom_the_contact_became_one_with(world, channel):
    by_lid = speak(world, channel, addressing=Addressing.LID).contact_id
    speak(world, channel, addressing=Addressing.PHONE)
    speak(world, channel, addressing=Addressing.LID_WITH_PHONE)
    world.drain()
    rows = world.rows(ROWS)
    assert {row["contact_id"] for row in rows} == {str(by_lid)}
    assert "contact.merged" in {row["type"] for row in rows}
    assert len([row for row in rows if row["type"] == "contact.created"]) == 2
