import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_signs import make_group
from tests.functions.crm.chats.asking import (
    ENGINES,
    GROUP,
    acts,
    ask,
    chat_shop,
    deliver,
    group_shop,
    now,
    pending,
    shown,
    told,
)
from tests.support.borders import hidden


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with group_shop(request.param, world, api, tenant) as shop:
        yield shop


@pytest.fixture
def private(world, api, tenant):
    with chat_shop("NOWEB", world, api, tenant) as shop:
        yield shop


def patch(shop, role="agent", **changes):
    return ask(shop, "PATCH", "", changes, role=role)


def test_a_group_is_called_otherwise_once_whatsapp_calls_it_so(shop):
    answer = patch(shop, subject="Obra 2", description="Só da obra")
    assert (answer.status_code, answer.json["subject"]) == (200, "Obra")
    assert [(each["kind"], each["text"]) for each in answer.json["pending"]] == [
        ("subject", "Obra 2"),
        ("description", "Só da obra"),
    ]
    shop.world.drain()
    seen = shown(shop)
    assert (seen["subject"], seen["description"], seen["pending"]) == ("Obra 2", "Só da obra", [])
    assert sorted(acts(shop)) == [("description", GROUP, [], "Só da obra"), ("subject", GROUP, [], "Obra 2")]
    assert (told(shop, "chat.subject_updated"), told(shop, "chat.description_updated")) == (2, 1)
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("seconds", [-2, 0, 2])
@pytest.mark.parametrize("echo_comes", ["first", "last"])
def test_its_echo_is_the_same_thing(shop, echo_comes, seconds):
    patch(shop, subject="Obra 2")
    echo = make_group(shop.engine, "update", GROUP, about={"subject": "Obra 2"}, at=now(shop) + seconds)
    steps = [lambda: deliver(shop, echo), shop.world.drain]
    for step in steps if echo_comes == "first" else reversed(steps):
        step()
    assert (shown(shop)["subject"], told(shop, "chat.subject_updated")) == ("Obra 2", 2)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_is_so_already_is_not_asked_for(shop):
    assert patch(shop, subject="Obra", description="").json["pending"] == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_was_on_its_way_is_taken_back(shop):
    patch(shop, subject="Obra 2")
    patch(shop, subject="Obra")
    shop.world.drain()
    assert (acts(shop), shown(shop)["subject"]) == ([("subject", GROUP, [], "Obra")], "Obra")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_number_that_does_not_run_the_group_is_told_so(shop, monkeypatch):
    monkeypatch.setattr(FakeWaha, "_act", lambda *_: (200, False))
    patch(shop, subject="Obra 2")
    shop.world.drain()
    (change,) = shown(shop)["pending"]
    assert (change["status"], change["failure_code"]) == ("failed", "not_permitted")
    assert shown(shop)["subject"] == "Obra"


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_group_that_we_left_is_not_ours_to_change(shop):
    deliver(shop, make_group(shop.engine, "leave", GROUP, at=now(shop)))
    answer = patch(shop, subject="Obra 2")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "group_left")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize(
    "changes",
    [
        {"subject": ""},
        {"subject": " "},
        {"subject": None},
        {"subject": "x" * 101},
        {"subject": "a\nb"},
        {"description": "x" * 513},
        {"description": None},
        {"metadata": None},
        {"status": "closed"},
        {"metadata": {"": "x"}},
        {"metadata": {str(number): "x" for number in range(51)}},
    ],
)
def test_what_does_not_fit_is_refused(shop, changes):
    assert patch(shop, **changes).status_code == 422
    assert shop.world.tasks("perform_chat_action") == []


def test_a_chat_with_a_person_has_no_subject(private):
    answer = patch(private, subject="Ana")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "not_a_group")


def test_notes_are_kept_by_name(private):
    assert patch(private, metadata={"deal": "A-17", "hot": True}).json["metadata"] == {"deal": "A-17", "hot": True}
    assert patch(private, metadata={"hot": None, "n": 3}).json["metadata"] == {"deal": "A-17", "n": 3}
    assert patch(private).json["metadata"] == {"deal": "A-17", "n": 3}
    assert pending(private) == []


def test_what_a_customer_writes_leaves_the_notes_alone(private):
    patch(private, metadata={"deal": "A-17"})
    private.hears("Mais uma coisa")
    assert shown(private)["metadata"] == {"deal": "A-17"}


def test_who_has_not_seen_the_last_change_changes_nothing(private):
    path = f"/api/v1/crm/chats/{shown(private)['id']}"
    tag = {"If-Match": f'"{shown(private)["version"]}"'}
    told = [
        private.api.patch(path, {"metadata": {"n": n}}, as_=private.tenant.agent, headers=tag).status_code
        for n in (1, 2)
    ]
    assert told == [200, 412]


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_only_who_may_write_changes_it(shop):
    assert patch(shop, role="viewer", subject="Obra 2").status_code == 403


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "PATCH", "/api/v1/crm/chats/{}", theirs.chat_id, json={"metadata": {"a": "b"}})
