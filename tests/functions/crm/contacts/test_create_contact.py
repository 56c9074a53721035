from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import make_event
from tests.support.conversation import ANA as WRITER

PATH = "/api/v1/crm/contacts"
ANA = {"name": "Ana Souza", "phone": "+55 11 98765-4321", "email": "Ana@Example.com"}


def test_a_person_is_registered_by_phone_and_email(api, tenant, world):
    made = api.post(PATH, ANA, as_=tenant.agent)
    assert made.status_code == 201
    assert (made.json["name"], made.json["phone"]) == ("Ana Souza", "+5511987654321")
    assert (made.json["email"], made.json["source"]) == ("ana@example.com", "api")
    assert made.json["identities"] == [
        {"kind": "email", "issuer": "", "value": "ana@example.com"},
        {"kind": "phone", "issuer": "", "value": "+5511987654321"},
    ]
    assert api.get(f"{PATH}/{made.json['id']}", as_=tenant.viewer).json == made.json


def test_it_says_what_happened_without_names_or_addresses(api, tenant, world):
    made = api.post(PATH, ANA, as_=tenant.agent).json
    told = [(event["event_type"], event["data"]) for event in world.events()]
    assert told == [
        ("contact.created", {"contact_id": made["id"], "source": "api"}),
        ("contact.identity_linked", {"contact_id": made["id"], "kind": "phone"}),
        ("contact.identity_linked", {"contact_id": made["id"], "kind": "email"}),
    ]


def test_a_brazilian_mobile_is_known_by_its_other_spelling_too(api, tenant, world):
    api.post(PATH, ANA, as_=tenant.agent)
    kept = world.rows("select value, is_variant from contact_identities where kind = 'phone' order by value")
    assert kept == [{"value": "+551187654321", "is_variant": True}, {"value": "+5511987654321", "is_variant": False}]


@pytest.mark.parametrize(
    "again",
    [
        {"phone": "+5511987654321"},
        {"phone": "+551187654321"},
        {"email": "ana@example.com"},
        {"phone": "+5511911112222", "email": "ANA@EXAMPLE.COM"},
    ],
)
def test_whoever_is_known_already_is_named(api, tenant, world, again):
    first = api.post(PATH, ANA, as_=tenant.agent).json
    refused = api.post(PATH, again, as_=tenant.agent)
    assert refused.status_code == 409
    assert refused.json["error"]["code"] == "contact_exists"
    assert refused.json["error"]["details"] == {"contact_id": first["id"]}
    assert world.value("select count(*) from contacts") == 1


def test_whoever_has_written_is_known(api, tenant, spoken):
    refused = api.post(PATH, {"phone": "+5511987654321"}, as_=tenant.agent)
    assert refused.json["error"]["details"] == {"contact_id": str(spoken.contact_id)}


def test_another_tenant_may_know_the_same_person(api, tenant, other_tenant):
    first = api.post(PATH, ANA, as_=tenant.agent).json
    second = api.post(PATH, ANA, as_=other_tenant.agent)
    assert second.status_code == 201
    assert second.json["id"] != first["id"]


def test_a_deleted_person_comes_back(api, tenant, world):
    first = api.post(PATH, ANA, as_=tenant.agent).json
    api.delete(f"{PATH}/{first['id']}", as_=tenant.admin)
    again = api.post(PATH, {"phone": ANA["phone"], "name": "Ana Lima"}, as_=tenant.agent)
    assert again.status_code == 201
    assert (again.json["id"], again.json["name"], again.json["email"]) == (first["id"], "Ana Lima", "ana@example.com")
    assert [event["event_type"] for event in world.events()][-2:] == ["contact.restored", "contact.updated"]


def test_what_two_deleted_people_were_known_by_makes_one(api, tenant):
    ids = [
        api.post(PATH, body, as_=tenant.agent).json["id"] for body in ({"phone": ANA["phone"]}, {"email": ANA["email"]})
    ]
    for each in ids:
        api.delete(f"{PATH}/{each}", as_=tenant.admin)
    made = api.post(PATH, ANA, as_=tenant.agent).json
    assert made["id"] == ids[0]
    assert {each["value"] for each in made["identities"]} == {"+5511987654321", "ana@example.com"}


def test_at_the_same_time_only_one_is_made(api, tenant, world):
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: api.post(PATH, ANA, as_=tenant.agent).status_code, range(8)))
    assert sorted(statuses) == [201] + [409] * 7
    assert world.value("select count(*) from contacts") == 1


def test_whoever_writes_at_the_same_time_is_not_made_twice(api, tenant, world, channel):
    def write(number):
        return channel.deliver(make_event("GOWS", "text", body=f"{number}", customer=WRITER)).status_code

    def register(_):
        return api.post(PATH, {"phone": f"+{WRITER.phone}"}, as_=tenant.agent).status_code

    with ThreadPoolExecutor(8) as pool:
        outcomes = [pool.submit(register if number % 2 else write, number) for number in range(16)]
    assert {each.result() for each in outcomes} <= {200, 201, 409}
    assert world.value("select count(*) from contacts") == 1
    assert world.value("select count(*) from messages where contact_id = (select id from contacts)") == 8


def test_a_viewer_registers_nobody(api, tenant, world):
    assert api.post(PATH, ANA, as_=tenant.viewer).status_code == 403
    assert world.value("select count(*) from contacts") == 0


def test_a_stranger_registers_nobody(api, tenant):
    assert api.post(PATH, ANA).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "Ana"},
        {"phone": "11987654321"},
        {"phone": "+551"},
        {"phone": 5511987654321},
        {"email": "ana"},
        {"phone": None, "email": None},
        {"phone": "+5511987654321", "name": " "},
        {"phone": "+5511987654321", "source": "import"},
        {"phone": "+5511987654321", "id": "01957f3e-8a10-7000-9000-c0ffee000001"},
    ],
)
def test_what_does_not_fit_is_refused(api, tenant, world, body):
    assert api.post(PATH, body, as_=tenant.agent).status_code == 422
    assert world.value("select count(*) from contacts") == 0
