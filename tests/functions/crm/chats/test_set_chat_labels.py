import pytest

from infra.fakes.waha_signs import make_chat_label, make_label
from infra.fakes.waha_state import Fault
from tests.functions.crm.chats.asking import ENGINES, acts, ask, chat_shop, deliver, now, pending, shown, told
from tests.support.borders import hidden
from tests.support.calls import again
from tests.support.shop import ANA, SESSION


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    """The channel has two labels, of which Ana's chat has one."""
    with chat_shop(request.param, world, api, tenant) as shop:
        for label, name in (("1", "Novo"), ("2", "Pago")):
            deliver(shop, make_label("NOWEB", "upsert", label, name))
        deliver(shop, make_chat_label("NOWEB", "added", "1", ANA.phone_address, at=now(shop) - 60))
        yield shop


def put(shop, *labels, role="agent"):
    return ask(shop, "PUT", "/labels", {"labels": list(labels)}, role=role)


def names(shop):
    return [each["name"] for each in shown(shop)["labels"]]


def test_a_chat_has_the_labels_that_it_was_given_once_whatsapp_has_taken_them(shop):
    answer = put(shop, "2")
    assert (answer.status_code, [each["labels"] for each in answer.json["pending"]]) == (202, [["2"]])
    assert names(shop) == ["Novo"]
    shop.world.drain()
    assert (names(shop), pending(shop)) == (["Pago"], [])
    assert acts(shop) == [("labels", ANA.phone_address, ["2"], None)]
    assert (told(shop, "chat.label_added"), told(shop, "chat.label_removed")) == (2, 1)
    assert shop.waha.refused == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_none_takes_all_away(shop):
    put(shop)
    shop.world.drain()
    assert (names(shop), told(shop, "chat.label_removed")) == ([], 1)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("seconds", [-2, 0, 2])
@pytest.mark.parametrize("echo_comes", ["first", "last"])
def test_its_echo_is_the_same_thing(shop, echo_comes, seconds):
    before = now(shop)
    put(shop, "2")
    steps = [
        lambda: deliver(shop, make_chat_label("NOWEB", "added", "2", ANA.phone_address, at=before + seconds)),
        lambda: deliver(shop, make_chat_label("NOWEB", "deleted", "1", ANA.phone_address, at=before + seconds)),
    ]
    do = [shop.world.drain]
    for step in [*steps, *do] if echo_comes == "first" else [*do, *steps]:
        step()
    assert (names(shop), told(shop, "chat.label_added"), told(shop, "chat.label_removed")) == (["Pago"], 2, 1)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_is_done_twice_counts_once(shop):
    put(shop, "2")
    (task,) = shop.world.tasks("perform_chat_action")
    assert (again(task), again(task)) == (204, 204)
    assert (len(shop.waha.acts), told(shop, "chat.label_added")) == (1, 2)


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_change_of_labels_is_a_new_version_of_the_chat(shop):
    put(shop, "2")
    before = shown(shop)["version"]
    shop.world.drain()
    assert shown(shop)["version"] > before


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_the_last_choice_counts(shop):
    for labels in ((), ("1", "2"), ("2",)):
        put(shop, *labels)
    shop.world.drain()
    assert ([each[2] for each in acts(shop)], names(shop)) == ([["2"]], ["Pago"])


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_label_that_the_channel_has_not_is_refused_before_anything_is_queued(shop):
    deliver(shop, make_label("NOWEB", "deleted", "2", "Pago", at=now(shop) + 1))
    for label in ("9", "2"):
        answer = put(shop, "1", label)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "unknown_label")
        assert answer.json["error"]["details"] == {"labels": [label]}
    assert shop.world.tasks("perform_chat_action") == []


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
@pytest.mark.parametrize("body", [{}, {"labels": None}, {"labels": [1]}, {"labels": [""]}, {"labels": ["1"] * 21}])
def test_what_does_not_fit_is_refused(shop, body):
    assert ask(shop, "PUT", "/labels", body).status_code == 422


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_refusal_is_told_and_nothing_changes(shop):
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    put(shop, "2")
    shop.world.drain()
    assert (names(shop), pending(shop)) == (["Novo"], [("labels", "failed")])


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_nothing_is_asked_through_an_inactive_channel(shop):
    shop.world.run("update channels set status = 'inactive'")
    answer = put(shop, "2")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "channel_inactive")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_only_who_may_write_labels(shop):
    assert put(shop, "2", role="viewer").status_code == 403


def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "PUT", "/api/v1/crm/chats/{}/labels", theirs.chat_id, json={"labels": []})
