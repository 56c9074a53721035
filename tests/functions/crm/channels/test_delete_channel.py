from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.fakes.waha_events import Addressing
from infra.fakes.webhooks import Webhook
from shared.crm.channels.tasks import RetireChannel
from shared.kernel.ids import uuid7
from tests.support.borders import hidden
from tests.support.calls import give, tick
from tests.support.shop import SESSION
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/channels/{}"


@pytest.fixture
def delete(path, api, tenant):
    def delete(as_=tenant.admin):
        return api.delete(path, as_=as_)

    return delete


def retire(shop):
    return give(shop.tenant.tenant_id, RetireChannel(channel_id=shop.channel.id))


def test_it_is_seen_no_more_and_told_of_once(shop, delete, path, api, tenant, world):
    assert (delete().status_code, delete().status_code) == (204, 404)
    assert api.get(path, as_=tenant.viewer).status_code == 404
    assert api.get("/api/v1/crm/channels", as_=tenant.viewer).json["data"] == []
    (event,) = world.events("channel.deleted")
    assert event["data"] == {"channel_id": str(shop.channel.id)}


@pytest.mark.parametrize(
    ("method", "what", "body"),
    [
        ("PATCH", "", {"name": "Vendas"}),
        ("POST", "/activate", None),
        ("POST", "/deactivate", None),
        ("POST", "/configure-webhook", None),
        ("POST", "/import-history", {}),
        ("POST", "/reconcile", {}),
        ("POST", "/check-numbers", {"phones": ["+5511912345678"]}),
        ("GET", "/qr", None),
        ("GET", "/webhook-info", None),
        ("GET", "/health", None),
        ("GET", "/sessions", None),
        ("GET", "/completeness", None),
    ],
)
def test_nothing_can_be_done_with_it_any_more(delete, path, api, tenant, method, what, body):
    delete()
    assert api.request(method, path + what, json=body, as_=tenant.admin).status_code == 404


def test_no_chat_is_opened_on_it_and_no_old_message_taken_over(shop, delete, api, tenant, world):
    delete()
    channel = str(shop.channel.id)
    eva = api.post("/api/v1/crm/contacts", {"phone": "+5511900000009", "name": "Eva"}, as_=tenant.agent).json["id"]
    opened = api.post("/api/v1/crm/chats", {"contact_id": eva, "channel_id": channel}, as_=tenant.agent)
    past = {"external_id": "1", "phone": "+5511900000009", "direction": "inbound", "text": "Oi"}
    given = {"channel_id": channel, "messages": [{**past, "sent_at": "2026-01-31T12:00:00Z"}]}
    taken = api.post("/api/v1/crm/messages/import", given, as_=tenant.admin)
    assert (opened.status_code, taken.status_code) == (404, 404)
    assert (world.value("select count(*) from chats"), world.value("select count(*) from messages")) == (0, 0)


def test_nobody_is_asked_any_more_whose_a_hidden_id_is(shop, delete, world):
    shop.hears("Oi", addressing=Addressing.LID)
    assert world.value("select count(*) from lid_lookups") == 1
    delete()
    world.advance(24 * 60 * 60)
    tick("sweep_lids")
    world.drain()
    assert world.value("select count(*) from lid_lookups") == 0


def test_its_address_ends_at_once(shop, delete, world):
    shop.hears("Oi")
    delete()
    event = {"event": "message.any", "session": SESSION, "payload": {}}
    assert shop.channel.deliver(event).status_code == 404
    assert world.value("select count(*) from inbound_deliveries") == 1


def test_what_was_said_stays(shop, delete, api, tenant):
    shop.hears("Oi")
    delete()
    chat = shop.world.value("select id from chats")
    told = api.get(f"/api/v1/crm/messages?filter[chat_id]={chat}", as_=tenant.viewer).json["data"]
    assert [each["text"] for each in told] == ["Oi"]
    assert api.get(f"/api/v1/crm/chats/{chat}", as_=tenant.viewer).status_code == 200


def test_nobody_can_write_by_it(shop, delete, api, tenant):
    shop.hears("Oi")
    delete()
    chat, contact = shop.world.value("select id from chats"), shop.world.value("select id from contacts")
    words = {"text": "Bom dia!"}
    told = api.post("/api/v1/crm/messages", {"chat_id": chat, **words}, as_=tenant.agent)
    assert (told.status_code, told.json["error"]["code"]) == (409, "channel_inactive")
    first = {"contact_id": contact, "channel_id": str(shop.channel.id), **words}
    assert api.post("/api/v1/crm/messages", first, as_=tenant.agent).status_code == 404


def test_what_waits_fails_for_good(shop, delete):
    shop.hears("Oi")
    message_id = str(shop.says("Bom dia!"))
    delete()
    shop.world.drain()
    assert shop.message(id=message_id)["failure_code"] == "channel_inactive"
    (failed,) = shop.world.events("message.failed")
    assert failed["data"]["retryable"] is False
    assert shop.waha.sent == []


def test_what_is_under_way_through_its_past_ends(shop, delete, path, api, tenant, world):
    assert api.post(f"{path}/import-history", {}, as_=tenant.admin).status_code == 202
    assert api.post(f"{path}/reconcile", {}, as_=tenant.admin).status_code == 202
    delete()
    assert world.rows("select distinct status from history_runs") == [{"status": "cancelled"}]
    world.drain(timers=True)
    assert len(world.events("channel.history_import_cancelled")) == 1


def test_its_provider_forgets_us_and_disconnects(shop, delete, session, path, api, tenant):
    assert api.post(f"{path}/configure-webhook", as_=tenant.admin).status_code == 202
    shop.world.drain()
    assert session.webhook is not None
    delete()
    shop.world.drain()
    assert (session.webhook, session.status, session.paired) == (None, "STOPPED", True)
    assert retire(shop) == 204


def test_other_addresses_of_the_session_stay(shop, delete, session):
    session.webhook = Webhook(url="https://example.com/hook", hmac_key=None, events=("*",))
    delete()
    shop.world.drain()
    assert session.webhook.url == "https://example.com/hook"


def test_a_session_that_another_channel_is_for_goes_on(shop, delete, session, world, api, tenant):
    delete()
    waha_channel(world, api, tenant, base_url=shop.waha.url, session_name=SESSION, bot=False)
    shop.world.drain()
    assert session.status == "WORKING"


def test_a_provider_that_is_away_is_told_later(shop, delete, nowhere):
    delete()
    assert retire(shop) == 503


def test_a_session_that_is_gone_needs_no_telling(shop, delete, session):
    delete()
    session.api_key = "another"
    assert retire(shop) == 204


def test_many_at_once_delete_it_once(delete, world):
    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(each.status_code for each in pool.map(lambda _: delete(), range(8)))
    assert statuses == [204] + [404] * 7
    assert len(world.events("channel.deleted")) == 1


def test_only_an_admin_deletes_and_only_their_own(api, tenant, other_tenant, delete, shop):
    assert (delete(tenant.agent).status_code, delete(tenant.viewer).status_code) == (403, 403)
    assert hidden(api, other_tenant.admin, "DELETE", PATH, shop.channel.id)
    assert api.delete(PATH.format(uuid7()), as_=tenant.admin).status_code == 404
