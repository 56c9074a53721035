import pytest

from infra.fakes.waha_events import Addressing
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/contacts/{}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_contact(api, tenant, spoken, role):
    answer = api.get(PATH.format(spoken.contact_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["name"]) == (str(spoken.contact_id), "Ana")
    assert (answer.json["phone"], answer.json["email"]) == ("+5511987654321", None)
    assert answer.json["identities"] == [{"kind": "phone", "issuer": "", "value": "+5511987654321"}]
    assert (answer.json["source"], answer.json["project_id"]) == ("message", str(tenant.project_id))


def test_the_id_of_one_that_was_merged_shows_who_it_became_one_with(api, world, tenant, channel):
    by_lid = speak(world, channel, addressing=Addressing.LID).contact_id
    by_phone = speak(world, channel, addressing=Addressing.PHONE).contact_id
    assert by_lid != by_phone
    speak(world, channel, addressing=Addressing.LID_WITH_PHONE)
    seen = [api.get(PATH.format(each), as_=tenant.viewer) for each in (by_lid, by_phone)]
    assert seen[0].status_code == 200
    assert seen[0].json == seen[1].json
    assert {each["kind"] for each in seen[0].json["identities"]} == {"phone", "lid"}


def test_a_deleted_contact_is_not_there(api, tenant, spoken):
    api.delete(PATH.format(spoken.contact_id), as_=tenant.admin)
    assert hidden(api, tenant.admin, "GET", PATH, spoken.contact_id)


def test_whoever_writes_again_is_there_again(api, world, tenant, channel, spoken):
    api.delete(PATH.format(spoken.contact_id), as_=tenant.admin)
    assert speak(world, channel, "Voltei").contact_id == spoken.contact_id
    assert api.get(PATH.format(spoken.contact_id), as_=tenant.viewer).status_code == 200


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.contact_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.contact_id)).status_code == 401
