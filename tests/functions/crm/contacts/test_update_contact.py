import pytest

from tests.support.borders import hidden

PATH = "/api/v1/crm/contacts/{}"


def change(api, tenant, id, **body):
    return api.patch(PATH.format(id), body, as_=tenant.agent)


def test_what_is_given_changes_and_the_rest_stays(api, tenant, world, spoken):
    answer = change(api, tenant, spoken.contact_id, name="Ana Souza")
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["phone"], answer.json["version"]) == ("Ana Souza", "+5511987654321", 2)
    assert api.get(PATH.format(spoken.contact_id), as_=tenant.viewer).json == answer.json
    assert world.events("contact.updated")[0]["data"] == {"contact_id": str(spoken.contact_id), "changed": ["name"]}


def test_one_more_phone_and_email_join_the_others(api, tenant, world, spoken):
    answer = change(api, tenant, spoken.contact_id, phone="+5521911112222", email="ana@example.com").json
    assert (answer["phone"], answer["email"], answer["version"]) == ("+5521911112222", "ana@example.com", 2)
    assert {each["value"] for each in answer["identities"]} == {"+5511987654321", "+5521911112222", "ana@example.com"}
    kinds = [event["data"]["kind"] for event in world.events("contact.identity_linked")]
    assert kinds == ["phone", "phone", "email"]


@pytest.mark.parametrize("body", [{}, {"name": "Ana"}, {"phone": "+5511987654321"}, {"phone": "+551187654321"}])
def test_a_change_to_the_same_is_none(api, tenant, world, spoken, body):
    before = len(world.events())
    assert change(api, tenant, spoken.contact_id, **body).json["version"] == 1
    assert len(world.events()) == before


def test_what_somebody_else_is_known_by_is_a_conflict(api, tenant, world, spoken):
    bia = api.post("/api/v1/crm/contacts", {"email": "bia@example.com"}, as_=tenant.agent).json
    refused = change(api, tenant, spoken.contact_id, email="bia@example.com", name="Bia")
    assert refused.status_code == 409
    assert refused.json["error"]["details"] == {"contact_id": bia["id"]}
    assert api.get(PATH.format(spoken.contact_id), as_=tenant.viewer).json["name"] == "Ana"


def test_what_a_deleted_contact_was_known_by_may_be_taken(api, tenant, spoken):
    bia = api.post("/api/v1/crm/contacts", {"email": "bia@example.com"}, as_=tenant.agent).json
    api.delete(PATH.format(bia["id"]), as_=tenant.admin)
    assert change(api, tenant, spoken.contact_id, email="bia@example.com").json["email"] == "bia@example.com"


def test_a_viewer_changes_nothing(api, tenant, spoken):
    assert api.patch(PATH.format(spoken.contact_id), {"name": "Mine"}, as_=tenant.viewer).status_code == 403


def test_a_stranger_changes_nothing(api, spoken):
    assert api.patch(PATH.format(spoken.contact_id), {"name": "Mine"}).status_code == 401


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "PATCH", PATH, theirs.contact_id, json={"name": "Mine"})
    assert world.value("select name from contacts") == "Ana"


def test_a_deleted_contact_is_not_there(api, tenant, spoken):
    api.delete(PATH.format(spoken.contact_id), as_=tenant.admin)
    assert hidden(api, tenant.agent, "PATCH", PATH, spoken.contact_id, json={"name": "Mine"})


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": None}, {"phone": "1"}, {"phone": None}, {"email": "x"}, {"source": "api"}]
)
def test_what_does_not_fit_changes_nothing(api, tenant, world, spoken, body):
    assert change(api, tenant, spoken.contact_id, **body).status_code == 422
    assert world.value("select version from contacts") == 1
