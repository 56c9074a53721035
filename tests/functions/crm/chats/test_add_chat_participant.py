"""Who is added to a group; and what that has in common with being removed from it, and with running it."""

import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_signs import make_group, make_participants
from tests.functions.crm.chats.asking import (
    BIA,
    CAIO,
    ENGINES,
    GROUP,
    acts,
    ask,
    chat_of,
    chat_shop,
    contact_of,
    deliver,
    group_shop,
    now,
    pending,
    shown,
    told,
)
from tests.support.borders import hidden
from tests.support.calls import again
from tests.support.shop import ANA

PATH = "/api/v1/crm/chats/{}/participants"


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with group_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def caio(shop):
    """A contact who is not in the group."""
    told = shop.api.post("/api/v1/crm/contacts", {"phone": f"+{CAIO.phone}", "name": "Caio"}, as_=shop.tenant.agent)
    return told.json["id"]


def add(shop, contact_id, role="agent"):
    return ask(shop, "POST", "/participants", {"contact_id": contact_id}, role=role)


def remove(shop, contact_id, role="admin"):
    return ask(shop, "DELETE", f"/participants/{contact_id}", role=role)


def rank(shop, contact_id, place, role="agent"):
    return ask(shop, "PATCH", f"/participants/{contact_id}", {"role": place}, role=role)


CASES = [
    ("add", CAIO, "join", "chat.participant_added"),
    ("remove", ANA, "leave", "chat.participant_removed"),
    ("promote", ANA, "promote", "chat.participant_promoted"),
    ("demote", BIA, "demote", "chat.participant_demoted"),
]


def request(shop, kind, contact_id):
    if kind in {"promote", "demote"}:
        return rank(shop, contact_id, "admin" if kind == "promote" else "participant")
    return (add if kind == "add" else remove)(shop, contact_id)


@pytest.mark.parametrize(("kind", "party", "doing", "event"), CASES)
def test_it_is_done_on_whatsapp_first(shop, caio, kind, party, doing, event):
    contact = contact_of(shop, party)
    before, seen = told(shop, event), shown(shop)
    answer = request(shop, kind, contact)
    assert answer.status_code == 202, answer.text
    assert [(each["kind"], each["contact_id"]) for each in answer.json["pending"]] == [(kind, contact)]
    assert (answer.json["participants"], answer.json["admins"]) == (seen["participants"], seen["admins"])
    shop.world.drain()
    after = shown(shop)
    assert (contact in after["participants"]) is (kind != "remove")
    assert (contact in after["admins"]) is (kind == "promote")
    assert (pending(shop), told(shop, event)) == ([], before + 1)
    assert after["version"] > seen["version"]
    assert acts(shop) == [(kind, GROUP, [party.phone_address], None)]
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("seconds", [-2, 0, 2])
@pytest.mark.parametrize("echo_comes", ["first", "last"])
@pytest.mark.parametrize(("kind", "party", "doing", "event"), CASES)
def test_its_echo_is_the_same_thing(shop, caio, kind, party, doing, event, echo_comes, seconds):
    contact, before = contact_of(shop, party), told(shop, event)
    request(shop, kind, contact)
    echo = make_participants(shop.engine, doing, GROUP, [party], at=now(shop) + seconds)
    steps = [lambda: deliver(shop, echo), shop.world.drain]
    for step in steps if echo_comes == "first" else reversed(steps):
        step()
    assert told(shop, event) == before + 1
    assert (contact in shown(shop)["participants"]) is (kind != "remove")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_is_done_twice_counts_once(shop, caio):
    before = told(shop, "chat.participant_added")
    add(shop, caio)
    (task,) = shop.world.tasks("perform_chat_action")
    assert (again(task), again(task)) == (204, 204)
    assert (len(shop.waha.acts), told(shop, "chat.participant_added")) == (1, before + 1)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize(
    "answer",
    [
        [{"status": "403", "jid": "5511900000003@s.whatsapp.net"}],
        {"5511900000003@c.us": {"code": 403, "message": "invited", "isInviteV4Sent": False}},
        [{"JID": "5511900000003@s.whatsapp.net", "Error": 403}],
    ],
)
def test_whoever_lets_nobody_add_them_is_not_added(shop, caio, monkeypatch, answer):
    monkeypatch.setattr(FakeWaha, "_act", lambda *_: (200, answer))
    add(shop, caio)
    shop.world.drain()
    (change,) = shown(shop)["pending"]
    assert (change["status"], change["failure_code"]) == ("failed", "participant_refused")
    assert caio not in shown(shop)["participants"]


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("status", ["200", "409"])
def test_whoever_is_there_by_whatsapps_word_is_added(shop, caio, monkeypatch, status):
    monkeypatch.setattr(FakeWaha, "_act", lambda *_: (200, [{"status": status, "jid": CAIO.phone_address}]))
    add(shop, caio)
    shop.world.drain()
    assert (pending(shop), caio in shown(shop)["participants"]) == ([], True)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_only_who_is_not_in_it_is_added_and_only_who_is_removed_or_ranked(shop, caio):
    answer = add(shop, contact_of(shop, ANA))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "already_in")
    assert (remove(shop, caio).status_code, rank(shop, caio, "admin").status_code) == (404, 404)
    assert shop.world.tasks("perform_chat_action") == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_contact_without_a_number_cannot_be_added(shop):
    eva = shop.api.post("/api/v1/crm/contacts", {"email": "eva@example.com"}, as_=shop.tenant.agent).json["id"]
    assert add(shop, eva).status_code == 422


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_group_that_we_left_is_not_ours_to_change(shop, caio):
    deliver(shop, make_group(shop.engine, "leave", GROUP, at=now(shop)))
    assert add(shop, caio).json["error"]["code"] == "group_left"


def test_a_chat_with_a_person_stays_with_that_person(world, api, tenant):
    with chat_shop("NOWEB", world, api, tenant) as shop:
        ana = contact_of(shop, ANA)
        for answer in (add(shop, ana), remove(shop, ana), rank(shop, ana, "admin")):
            assert (answer.status_code, answer.json["error"]["code"]) == (422, "not_a_group")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_only_who_may_write_adds(shop, caio):
    assert add(shop, caio, role="viewer").status_code == 403
    assert shop.api.post(PATH.format(chat_of(shop)), {"contact_id": caio}).status_code == 401


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_is_another_tenants_is_not_there(shop, api, tenant, theirs):
    assert add(shop, str(theirs.contact_id)).status_code == 404
    body = {"contact_id": contact_of(shop, ANA)}
    assert hidden(api, tenant.admin, "POST", PATH, theirs.chat_id, json=body)
