import pytest

from infra.fakes.waha_signs import make_archive
from infra.fakes.waha_state import Fault
from tests.functions.crm.chats.asking import ENGINES, acts, ask, chat_shop, deliver, now, pending, shown, told
from tests.support.borders import hidden
from tests.support.shop import ANA, SESSION


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with chat_shop(request.param, world, api, tenant) as shop:
        yield shop


def put(shop, what="archive", role="agent"):
    return ask(shop, "POST", f"/{what}", role=role)


def test_a_chat_is_put_away_at_once_and_on_whatsapp_where_that_can_be(shop):
    answer = put(shop)
    assert (answer.status_code, answer.json["status"]) == (200, "archived")
    can = shop.engine != "GOWS"
    assert [each["kind"] for each in answer.json["pending"]] == ["archive"] * can
    shop.world.drain()
    assert acts(shop) == [("archive", ANA.phone_address, [], None)] * can
    assert (pending(shop), told(shop, "chat.archived"), shop.waha.refused) == ([], 1, [])


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
def test_of_opposite_wishes_the_last_counts(shop):
    for what in ("archive", "unarchive", "archive"):
        put(shop, what)
    shop.world.drain()
    assert [each[0] for each in acts(shop)] == ["archive"]
    statuses = [row["status"] for row in shop.world.rows("select status from chat_actions order by requested_at, id")]
    assert statuses == ["superseded", "superseded", "done"]


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
@pytest.mark.parametrize("seconds", [-2, 0, 2])
@pytest.mark.parametrize("echo_comes", ["first", "last"])
def test_its_echo_is_the_same_thing(shop, echo_comes, seconds):
    put(shop)
    echo = make_archive(ANA.phone_address, archived=True, at=now(shop) + seconds)
    steps = [lambda: deliver(shop, echo), shop.world.drain]
    for step in steps if echo_comes == "first" else reversed(steps):
        step()
    assert (shown(shop)["status"], told(shop, "chat.archived"), told(shop, "chat.unarchived")) == ("archived", 1, 0)


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
@pytest.mark.parametrize("seconds", [-2, 0, 2, 20])
@pytest.mark.parametrize("first", ["archive", "unarchive"])
def test_an_old_echo_that_comes_after_the_opposite_wish_changes_nothing(shop, first, seconds):
    second, is_put_away = ("unarchive", True) if first == "archive" else ("archive", False)
    for what in ("archive", "unarchive")[: 2 - is_put_away]:
        put(shop, what)
        shop.world.drain()
    put(shop, second)
    before = shown(shop)["status"], told(shop, "chat.archived"), told(shop, "chat.unarchived")
    deliver(shop, make_archive(ANA.phone_address, archived=is_put_away, at=now(shop) + seconds))
    assert (shown(shop)["status"], told(shop, "chat.archived"), told(shop, "chat.unarchived")) == before
    shop.world.drain()
    deliver(shop, make_archive(ANA.phone_address, archived=is_put_away, at=now(shop) - 1))
    assert (shown(shop)["status"], told(shop, "chat.archived"), told(shop, "chat.unarchived")) == before


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
def test_what_is_done_on_the_phone_afterwards_counts(shop):
    put(shop)
    shop.world.drain()
    deliver(shop, make_archive(ANA.phone_address, archived=False, at=now(shop) + 2))
    assert shown(shop)["status"] == "active"


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_what_whatsapp_refuses_stays_put_away_here_and_says_why(shop):
    shop.waha.set_fault(SESSION, Fault(kind="error_463"))
    put(shop)
    shop.world.drain()
    assert (shown(shop)["status"], pending(shop)) == ("archived", [("archive", "failed")])


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_through_an_inactive_channel_it_is_put_away_here_alone(shop):
    shop.world.run("update channels set status = 'inactive'")
    answer = put(shop).json
    assert (answer["status"], answer["pending"]) == ("archived", [])


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_a_closed_chat_is_not_put_away(shop):
    ask(shop, "POST", "/close")
    for what in ("archive", "unarchive"):
        answer = put(shop, what)
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "chat_closed")


@pytest.mark.parametrize("shop", ["NOWEB"], indirect=True)
def test_only_who_may_write_puts_away(shop):
    for what in ("archive", "unarchive"):
        assert put(shop, what, role="viewer").status_code == 403


@pytest.mark.parametrize("what", ["archive", "unarchive"])
def test_another_tenants_chat_looks_like_one_that_never_was(api, tenant, theirs, what):
    assert hidden(api, tenant.admin, "POST", f"/api/v1/crm/chats/{{}}/{what}", theirs.chat_id)
