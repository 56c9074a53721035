import pytest

from infra.fakes.waha_state import Fault
from shared.crm.messages.tasks import ReconcileMessage
from shared.kernel.ids import uuid7
from tests.support.calls import again, give, tell
from tests.support.shop import SESSION, open_shop

ENGINES = ["GOWS", "NOWEB", "WEBJS"]


@pytest.fixture(params=ENGINES)
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        shop.hears("Oi")
        shop.settles()
        yield shop


@pytest.fixture
def reconcile(shop):
    return lambda said, attempt=1: give(shop.tenant.tenant_id, ReconcileMessage(message_id=said, attempt=attempt))


def lose(shop, text="Bom dia", *, sent=True):
    """Send a message whose answer is lost."""
    shop.waha.set_fault(SESSION, Fault(kind="error_500", sent=sent))
    said = shop.says(text)
    assert tell(shop.world.events("message.queued")[-1]) == [204]
    assert shop.message(id=str(said))["status"] == "unknown"
    return said


def attempts(world):
    return [row["body"]["data"]["attempt"] for row in world.tasks("reconcile_message")]


def test_what_the_history_shows_was_sent(shop, world, reconcile):
    said = lose(shop)
    assert [reconcile(said), reconcile(said)] == [204, 204]
    message = shop.message(id=str(said))
    assert (message["status"], message["external_id"]) == ("sent", shop.waha.sent[0].id)
    assert message["unknown_since"] is None
    assert attempts(world) == [1]
    assert len(world.events("message.sent")) == 1


def test_what_the_history_does_not_show_is_looked_for_again_and_never_resent(shop, world, reconcile):
    said = lose(shop, sent=False)
    assert reconcile(said) == 204
    assert attempts(world) == [1, 2]
    world.advance(601)
    assert reconcile(said, 2) == 204
    assert (shop.message(id=str(said))["status"], attempts(world), shop.sent) == ("unknown", [1, 2], [])


def test_a_look_that_is_repeated_is_followed_once(shop, world):
    lose(shop, sent=False)
    (row,) = world.tasks("reconcile_message")
    assert [again(row), again(row), again(row)] == [204, 204, 204]
    assert attempts(world) == [1, 2]


def test_a_history_that_cannot_be_read_is_asked_again(shop, world, reconcile):
    said = lose(shop)
    (url,) = (row["base_url"] for row in world.rows("select base_url from channels"))
    world.run("update channels set base_url = 'http://127.0.0.1:1'")
    assert reconcile(said) == 204
    assert (shop.message(id=str(said))["status"], attempts(world)) == ("unknown", [1, 2])
    world.run("update channels set base_url = :url", url=url)
    assert again(world.tasks("reconcile_message")[-1]) == 204
    assert shop.message(id=str(said))["status"] == "sent"


def test_of_two_that_say_the_same_each_finds_its_own(shop, world, reconcile):
    sent, lost = lose(shop, "Um momento"), lose(shop, "Um momento", sent=False)
    assert [reconcile(sent), reconcile(lost)] == [204, 204]
    assert [shop.message(id=str(said))["status"] for said in (sent, lost)] == ["sent", "unknown"]


def test_the_echo_that_comes_first_is_enough(shop, world, reconcile):
    said = lose(shop)
    shop.hears("Bom dia", from_me=True, source="api", message_id=shop.waha.sent[0].id)
    assert shop.message(id=str(said))["status"] == "sent"
    assert reconcile(said) == 204
    assert (len(world.events("message.sent")), attempts(world)) == (1, [1])


def test_only_what_is_unknown_is_looked_for(shop, world, reconcile, other_tenant):
    said = lose(shop)
    assert give(other_tenant.tenant_id, ReconcileMessage(message_id=said, attempt=1)) == 204
    assert reconcile(uuid7()) == 204
    world.run("update messages set status = 'delivered' where id = :id", id=said)
    assert reconcile(said) == 204
    assert (shop.message(id=str(said))["status"], attempts(world)) == ("delivered", [1])
