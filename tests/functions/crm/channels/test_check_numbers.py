import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_state import Fault
from shared.crm.channels import checking
from shared.providers.waha import client

THERE, ELSEWHERE, NOWHERE = "+5511912345678", "+5511987654321", "+5511900000001"


def phones(count):
    return [f"+55119{number:08}" for number in range(10_000_000, 10_000_000 + count)]


@pytest.fixture
def ask(path, api, tenant):
    def ask(*numbers, as_=tenant.agent):
        return api.post(f"{path}/check-numbers", {"phones": list(numbers)}, as_=as_)

    return ask


@pytest.fixture(autouse=True)
def numbers(session):
    session.numbers |= {"5511987654321": "551187654321@c.us", "5511900000001": None}


def test_each_number_is_answered_for_in_its_place(ask, session, capsys):
    told = ask(THERE, NOWHERE, ELSEWHERE, THERE)
    assert told.status_code == 200
    there = {"phone": THERE, "exists": True, "address": "5511912345678@c.us", "problem": None}
    assert told.json["data"] == [
        there,
        {"phone": NOWHERE, "exists": False, "address": None, "problem": None},
        {"phone": ELSEWHERE, "exists": True, "address": "551187654321@c.us", "problem": None},
        there,
    ]
    assert session.checks == ["5511912345678", "5511900000001", "5511987654321"]
    assert "11912345678" not in json.dumps([json.loads(line) for line in capsys.readouterr().out.splitlines()])


def test_what_is_known_is_not_asked_for_again(ask, session, world):
    assert ask(THERE, NOWHERE).json == ask(THERE, NOWHERE).json
    assert len(session.checks) == 2
    world.advance(3601)
    ask(THERE, NOWHERE)
    assert len(session.checks) == 3


def test_what_was_checked_is_not_asked_for_again_when_it_is_written_to(ask, shop, session, api, tenant):
    ask(ELSEWHERE)
    contact = api.post("/api/v1/crm/contacts", {"phone": ELSEWHERE}, as_=tenant.agent).json["id"]
    body = {"contact_id": contact, "channel_id": str(shop.channel.id), "text": "Olá!"}
    assert api.post("/api/v1/crm/messages", body, as_=tenant.agent).status_code == 201
    shop.world.drain()
    assert [each.chat_id for each in shop.waha.sent] == ["551187654321@c.us"]
    assert len(session.checks) == 1


def test_a_channel_is_asked_for_a_hundred_a_minute(ask, session, world):
    first, second = ask(*phones(100)), ask(NOWHERE, *phones(1))
    assert [each["exists"] for each in first.json["data"]] == [True] * 100
    assert [(each["exists"], each["problem"]) for each in second.json["data"]] == [(None, "throttled"), (True, None)]
    assert len(session.checks) == 100
    world.advance(61)
    assert ask(NOWHERE).json["data"][0]["exists"] is False


def test_many_at_once_ask_once(ask, session):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(*phones(5)), range(8)))
    assert {each.status_code for each in answers} == {200}
    told = [each for answer in answers for each in answer.json["data"]]
    assert {(each["exists"], each["problem"]) for each in told} <= {(True, None), (None, "being_asked")}
    assert len(session.checks) == 5


@pytest.mark.parametrize("kind", ["hang", "error_500", "error_429", "malformed", "drop"])
def test_of_what_the_server_does_not_say_nothing_is_known(ask, session, kind, monkeypatch):
    if kind == "hang":
        monkeypatch.setattr(checking, "EACH", 0.5)
    session.checks_fault = Fault(kind=kind, seconds=1.0)
    unknown = {"phone": THERE, "exists": None, "address": None, "problem": "provider_unavailable"}
    told = ask(THERE, NOWHERE)
    assert (told.status_code, told.json["data"]) == (200, [unknown, {**unknown, "phone": NOWHERE}])
    assert [each["exists"] for each in ask(THERE, NOWHERE).json["data"]] == [True, False]


def test_a_server_that_does_not_tell_is_not_pressed(ask, session, monkeypatch):
    def refuse(_self, phone):
        session.checks.append(phone)
        raise client.Refused(501, "engine_cannot", "The engine of this WAHA session cannot do this.")

    monkeypatch.setattr(client.Waha, "find", refuse)
    told = ask(THERE, NOWHERE)
    assert [each["problem"] for each in told.json["data"]] == ["provider_refused", "provider_unavailable"]
    assert len(session.checks) == 1


@pytest.mark.usefixtures("nowhere")
def test_a_server_that_is_away_is_said_to_be(ask):
    assert ask(THERE).json["data"][0]["problem"] == "provider_unavailable"


def test_a_channel_that_is_not_active_is_not_asked(ask, world, session):
    world.run("update channels set status = 'inactive'")
    told = ask(THERE)
    assert (told.status_code, told.json["error"]["code"], session.checks) == (409, "channel_inactive", [])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"phones": []},
        {"phones": "+5511912345678"},
        {"phones": ["11912345678"]},
        {"phones": ["+5511912345678@c.us"]},
        {"phones": ["+5511912345678&session=other"]},
        {"phones": [THERE, None]},
        {"phones": [THERE, 5511912345678]},
        {"phones": [THERE], "session": "other"},
        {"phones": phones(101)},
    ],
)
def test_what_is_no_list_of_numbers_is_refused_and_nobody_is_asked(path, api, tenant, session, body):
    assert api.post(f"{path}/check-numbers", body, as_=tenant.agent).status_code == 422
    assert session.checks == []


def test_another_tenants_channel_is_not_found_and_a_viewer_may_not_ask(ask, tenant, other_tenant, session):
    assert ask(THERE, as_=other_tenant.agent).status_code == 404
    assert ask(THERE, as_=tenant.viewer).status_code == 403
    assert session.checks == []


def test_whoever_dies_in_between_keeps_nobody_from_asking_for_long(ask, world, session, monkeypatch):
    def die(*_):
        raise SystemExit

    monkeypatch.setattr(checking, "_ask_each", die)
    with pytest.raises(SystemExit):
        ask(THERE)
    monkeypatch.undo()
    assert ask(THERE).json["data"][0]["problem"] == "being_asked"
    world.advance(16)
    assert ask(THERE).json["data"][0]["exists"] is True
