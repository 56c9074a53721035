from uuid import uuid4

import pytest

CONTACTS = "/api/v1/crm/contacts"


@pytest.fixture
def contact(api, tenant):
    return api.post(CONTACTS, {"phone": "+5511912345678", "name": "Ana"}, as_=tenant.agent).json


def rename(api, tenant, contact, name, match):
    return api.patch(f"{CONTACTS}/{contact['id']}", {"name": name}, as_=tenant.agent, headers={"If-Match": match})


def test_a_thing_is_shown_with_its_version(api, tenant, contact):
    answer = api.get(f"{CONTACTS}/{contact['id']}", as_=tenant.viewer)
    assert answer.headers["ETag"] == f'"{contact["version"]}"' == '"2"'


def test_who_has_seen_the_present_version_may_change_it(api, tenant, contact):
    answer = rename(api, tenant, contact, "Bia", '"2"')
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"3"')


@pytest.mark.parametrize("match", ['"1", "2"', '"2","7"', ' "9" , "2" ', '"2", "2"'])
def test_who_has_seen_one_of_several_may_change_it(match, api, tenant, contact):
    assert rename(api, tenant, contact, "Bia", match).status_code == 200


@pytest.mark.parametrize("match", ['"0"', '"3"', '"9999999999"', '"1", "3"'])
def test_who_has_seen_another_one_may_not(match, api, tenant, contact, world):
    answer = rename(api, tenant, contact, "Bia", match)
    assert (answer.status_code, answer.json["error"]["code"]) == (412, "precondition_failed")
    assert answer.json["error"]["details"] == {"version": 2}
    assert world.value("select name from contacts") == "Ana"


@pytest.mark.parametrize(
    "match", ["1", "", 'W/"2"', '"2" "3"', '"2",', '"2", *', "*, *", '"1", W/"2"', '"x"', '"99999999999"', '"-1"']
)
def test_what_is_no_version_is_refused(match, api, tenant, contact, world):
    answer = rename(api, tenant, contact, "Bia", match.encode().decode("latin-1"))
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_if_match")
    assert world.value("select name from contacts") == "Ana"


def test_a_star_is_any_version(api, tenant, contact):
    assert rename(api, tenant, contact, "Bia", "*").status_code == 200


def test_what_is_not_there_is_not_there(api, tenant):
    assert rename(api, tenant, {"id": uuid4()}, "Bia", '"1"').status_code == 404


def test_a_thing_can_be_deleted_as_it_was_seen(api, tenant, contact):
    path = f"{CONTACTS}/{contact['id']}"
    assert api.delete(path, as_=tenant.admin, headers={"If-Match": '"7"'}).status_code == 412
    assert api.delete(path, as_=tenant.admin, headers={"If-Match": '"2"'}).status_code == 204


def test_a_change_in_several_steps_is_judged_by_the_first(api, tenant, contact):
    body = {"name": "Bia", "phone": "+5511912345679", "email": "bia@example.com"}
    path = f"{CONTACTS}/{contact['id']}"
    answer = api.patch(path, body, as_=tenant.agent, headers={"If-Match": '"2"'})
    assert (answer.status_code, answer.json["name"]) == (200, "Bia")


def test_what_became_one_with_another_has_its_version(api, tenant, contact, world):
    other = api.post(CONTACTS, {"phone": "+5511912345679"}, as_=tenant.agent).json
    world.run("update contacts set version = 5 where id = :id", id=other["id"])
    world.run("update contacts set merged_into_id = :to, version = 9 where id = :id", id=contact["id"], to=other["id"])
    assert rename(api, tenant, contact, "Bia", '"9"').status_code == 412
    assert rename(api, tenant, contact, "Bia", '"5"').status_code == 200


def test_a_project_that_was_changed_is_not_changed_again(api, tenant, world):
    answer = api.patch(
        f"/api/v1/projects/{tenant.project_id}", {"name": "Vendas"}, as_=tenant.admin, headers={"If-Match": '"2"'}
    )
    assert answer.status_code == 412
    assert world.value("select name from projects") == "Default"
