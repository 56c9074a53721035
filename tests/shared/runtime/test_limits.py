import time

import pytest

from infra.limits import set_rates
from infra.local.front import GATEWAY_ADDRESS
from infra.local.postgres import free_port
from shared.runtime import limits
from shared.runtime.declarations import Limit
from shared.runtime.limits import client_address, network
from tests.support.environment import environment
from tests.support.redis import counting, pointed_at

CONTACTS = "/api/v1/crm/contacts"
AGENTS = "/api/v1/crm/agents"
LOGIN = "/api/v1/auth/login"
PROFILE = "/api/v1/auth/profile"


@pytest.fixture
def store(database):
    with counting() as server:
        yield server


def statuses(answers):
    return [answer.status_code for answer in answers]


def test_without_a_store_only_sign_ins_and_what_belongs_to_them_are_counted_in_postgres(api, tenant, world, capsys):
    answers = [api.get(PROFILE, as_=tenant.agent) for _ in range(7)]
    assert statuses(answers) == [200] * 5 + [429] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    tried = [sign_in(api, f"a{each}@example.com", claimed=f"10.0.0.{each}") for each in range(7)]
    assert tried == [401] * 5 + [429] * 2
    contacts = [api.get(CONTACTS, as_=tenant.agent) for _ in range(110)]
    assert set(statuses(contacts)) == {200}
    assert not any("X-RateLimit-Limit" in answer.headers for answer in contacts)
    assert capsys.readouterr().out.count("no store is configured") <= 1
    world.advance(61)
    assert api.get(PROFILE, as_=tenant.agent).status_code == 200


def test_without_a_store_an_operator_can_raise_the_rate_too(api, tenant, database):
    set_rates(database.owner_url, tenant.tenant_id, {Limit.AUTH: 7})
    assert statuses(api.get(PROFILE, as_=tenant.agent) for _ in range(8)) == [200] * 7 + [429]


def test_a_person_may_call_so_often_and_then_waits(api, tenant, store):
    answers = [api.get(PROFILE, as_=tenant.agent) for _ in range(7)]
    assert statuses(answers) == [200] * 5 + [429] * 2
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    refused = answers[-1]
    assert refused.headers["X-RateLimit-Limit"] == "5"
    assert 55 <= int(refused.headers["Retry-After"]) <= 60
    assert abs(int(refused.headers["X-RateLimit-Reset"]) - time.time() - 60) < 6
    assert refused.json["error"]["code"] == "rate_limited"


def test_a_wrong_clock_of_ours_does_not_say_when_the_next_place_is_free(api, tenant, monkeypatch):
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + 600)
    with pointed_at(f"http://127.0.0.1:{free_port()}", deadline=0.075):
        # A key, for a token signed by a clock that is this wrong would be refused.
        answer = api.get(PROFILE, as_=tenant.agent.key)
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "4")
    assert abs(int(answer.headers["X-RateLimit-Reset"]) - true() - 60) < 6


def test_groups_people_and_tenants_are_counted_apart(api, tenant, other_tenant, store):
    for _ in range(5):
        assert api.get(PROFILE, as_=tenant.agent).status_code == 200
    assert api.get(PROFILE, as_=tenant.agent.key).status_code == 429  # the same person
    assert api.get(PROFILE, as_=tenant.viewer).status_code == 200
    assert api.get(PROFILE, as_=other_tenant.agent).status_code == 200
    assert api.get(CONTACTS, as_=tenant.agent).headers["X-RateLimit-Limit"] == "100"


def test_a_write_is_counted_once_and_a_refused_one_changes_nothing(api, tenant, store, world):
    answers = [api.post(AGENTS, {"name": f"Bia {each}"}, as_=tenant.admin) for each in range(22)]
    assert statuses(answers) == [201] * 20 + [429] * 2
    assert world.value("select count(*) from agents") == 20


def test_a_tenant_has_a_ceiling(api, tenant, store, database):
    set_rates(database.owner_url, tenant.tenant_id, {Limit.AUTH: 3}, scope="tenant")
    answers = [api.get(PROFILE, as_=person) for person in tenant.people + tenant.people[:1]]
    assert statuses(answers) == [200, 200, 200, 429]
    assert answers[-1].headers["X-RateLimit-Limit"] == "3"


def test_an_operator_can_raise_a_rate(api, tenant, other_tenant, store, database, monkeypatch):
    for _ in range(6):
        answer = api.get(PROFILE, as_=tenant.agent)
    assert answer.status_code == 429
    set_rates(database.owner_url, tenant.tenant_id, {Limit.AUTH: 7})
    assert api.get(PROFILE, as_=tenant.agent).status_code == 429  # it is remembered for half a minute
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + limits.ROWS_SECONDS)
    assert statuses(api.get(PROFILE, as_=tenant.agent) for _ in range(3)) == [200, 200, 429]
    assert limits.rates(other_tenant.tenant_id, Limit.AUTH) == (5, 100)


def sign_in(api, email, address="203.0.113.7", claimed=""):
    forwarded = ",".join(filter(None, (claimed, address, GATEWAY_ADDRESS)))
    body = {"email": email, "password": "wrong password"}
    return api.post(LOGIN, body, headers={"X-Forwarded-For": forwarded}).status_code


def test_sign_ins_are_counted_by_the_address_that_the_gateway_saw(api, tenant, store):
    tried = [sign_in(api, f"a{each}@example.com", claimed=f"10.0.0.{each}, 10.1.1.1") for each in range(7)]
    assert tried == [401] * 5 + [429] * 2
    assert sign_in(api, "a9@example.com", address="203.0.113.8") == 401


def test_sign_ins_from_one_ipv6_network_are_counted_together(api, tenant, store):
    tried = [sign_in(api, f"a{each}@example.com", address=f"2001:db8:0:1::{each}") for each in range(7)]
    assert tried == [401] * 5 + [429] * 2
    assert sign_in(api, "a9@example.com", address="2001:db8:0:2::1") == 401


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_an_address_counts_as_the_network_that_somebody_has(address, counted):
    assert network(address) == counted


def test_a_read_that_comes_too_often_shows_nothing(api, tenant, store, database):
    set_rates(database.owner_url, tenant.tenant_id, {Limit.CRM_READ: 2})
    answers = [api.get(CONTACTS, as_=tenant.agent) for _ in range(4)]
    assert statuses(answers) == [200] * 2 + [429] * 2
    assert all(set(refused.json) == {"error"} for refused in answers[2:])
    assert statuses([api.get(f"{CONTACTS}?filter[x]=1", as_=tenant.agent)]) == [429]
    assert statuses([api.get(CONTACTS, as_=tenant.viewer)]) == [200]


def test_sign_ins_are_counted_by_e_mail(api, tenant, store):
    tried = [sign_in(api, tenant.agent.email, address=f"203.0.113.{each}") for each in range(7)]
    assert tried == [401] * 5 + [429] * 2
    assert sign_in(api, tenant.admin.email, address="203.0.113.99") == 401


@pytest.mark.parametrize(
    ("proxies", "forwarded", "caller"),
    [
        ("1", "1.1.1.1, 2.2.2.2,3.3.3.3", "2.2.2.2"),
        ("2", "1.1.1.1, 2.2.2.2,3.3.3.3", "1.1.1.1"),
        ("0", "1.1.1.1, 2.2.2.2,3.3.3.3", "3.3.3.3"),
        ("1", "3.3.3.3", "3.3.3.3"),
        ("1", ",,3.3.3.3", ""),
        ("1", None, ""),
    ],
)
def test_the_caller_stands_so_many_addresses_before_the_last(proxies, forwarded, caller):
    with environment({"PROXIES_BEHIND_CALLER": proxies}):
        assert client_address(forwarded) == caller


def test_behind_a_load_balancer_no_claim_is_believed_either(api, tenant, store):
    with environment({"PROXIES_BEHIND_CALLER": "2"}):
        tried = [
            sign_in(api, f"a{each}@example.com", address="203.0.113.7,192.0.2.9", claimed=f"10.0.0.{each}")
            for each in range(7)
        ]
    assert tried == [401] * 5 + [429] * 2


def test_with_the_store_away_sign_ins_are_counted_in_postgres_and_the_rest_is_open(api, tenant, world, capsys):
    with pointed_at(f"http://127.0.0.1:{free_port()}", deadline=0.075):
        assert statuses(api.get(PROFILE, as_=tenant.agent) for _ in range(7)) == [200] * 5 + [429] * 2
        assert [sign_in(api, "a@example.com", address=f"203.0.113.{each}") for each in range(7)] == [401] * 5 + [
            429
        ] * 2
        assert {api.get(CONTACTS, as_=tenant.agent).status_code for _ in range(110)} == {200}
    # 124 calls were made, and are counted; a line is written once in so many seconds.
    assert 1 <= capsys.readouterr().out.count("the rate limits' store is away") < 12
    world.advance(61)
    with pointed_at(f"http://127.0.0.1:{free_port()}", deadline=0.075):
        assert api.get(PROFILE, as_=tenant.agent).status_code == 200
