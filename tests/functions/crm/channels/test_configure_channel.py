from infra.fakes.webhooks import Webhook
from shared.crm.channels.tasks import ConfigureChannel
from tests.support.calls import give


def configure(shop):
    return give(shop.tenant.tenant_id, ConfigureChannel(channel_id=shop.channel.id))


def test_where_else_it_delivers_stays(shop, session, monkeypatch):
    written = []
    answer = shop.waha.answer

    def watched(operation, key, query, body):
        if operation.id == "SessionsController_update":
            written.append(body["config"])
        return answer(operation, key, query, body)

    monkeypatch.setattr(shop.waha, "answer", watched)
    session.webhook = Webhook(url="https://other.example/hook", events=("message",))
    assert configure(shop) == 204
    assert written[0]["webhooks"][0]["url"] == "https://other.example/hook"
    assert len(written[0]["webhooks"]) == 2
    assert configure(shop) == 204
    assert len(written[1]["webhooks"]) == 1  # its own is put in the place of the old one


def test_a_provider_that_is_away_is_asked_again(shop, nowhere):
    assert configure(shop) == 503


def test_a_refusal_ends_it(shop, session):
    session.api_key = "another"
    assert configure(shop) == 204
    assert shop.world.events("channel.webhook_configured") == []
