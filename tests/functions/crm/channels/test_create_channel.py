import json

import pytest

from infra.fakes.waha_events import Party, make_event
from shared.providers.waha.signature import sign
from shared.runtime.sealing import unseal
from tests.support.borders import hidden_in
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/channels"
VENDAS = {
    "type": "waha",
    "name": "Vendas",
    "base_url": "https://waha.example.com",
    "session_name": "default",
    "engine": "NOWEB",
    "api_key": "the-servers-own-key",
}
ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")


def test_a_channel_is_connected_and_its_secrets_are_shown_once(api, tenant, world):
    made = api.post(PATH, VENDAS, as_=tenant.admin)
    assert made.status_code == 201
    assert {name: made.json[name] for name in VENDAS if name != "api_key"} == {
        name: value for name, value in VENDAS.items() if name != "api_key"
    }
    assert (made.json["status"], made.json["connection"]) == ("active", "unknown")
    assert (made.json["debounce_timeout_ms"], made.json["debounce_max_wait_ms"]) == (15_000, 60_000)
    assert made.json["webhook_url"].startswith("http://127.0.0.1:8080/api/v1/webhooks/inbound/waha/")
    assert len(made.json["hmac_key"]) >= 43
    seen = api.get(f"{PATH}/{made.json['id']}", as_=tenant.admin)
    assert {**made.json, "webhook_url": None, "hmac_key": None} == {**seen.json, "webhook_url": None, "hmac_key": None}
    for secret in (made.json["hmac_key"], made.json["webhook_url"].rpartition(".")[2], VENDAS["api_key"]):
        assert secret not in seen.text
        assert secret not in str(world.rows("select * from channels"))
        assert secret not in str(world.events())


def test_deliveries_signed_with_what_was_shown_arrive(api, tenant, world):
    made = api.post(PATH, VENDAS, as_=tenant.admin).json
    body = json.dumps(make_event("NOWEB", "text", body="Oi!", customer=ANA)).encode()
    path = made["webhook_url"].removeprefix("http://127.0.0.1:8080")
    signed = {"X-Webhook-Hmac": sign(body, made["hmac_key"]), "X-Webhook-Hmac-Algorithm": "sha512"}
    assert api.post(path, data=body, headers=signed).status_code == 200
    assert world.value("select channel_id from messages") == made["id"]


def test_a_key_of_ones_own_is_not_repeated(api, tenant, world):
    made = api.post(PATH, {**VENDAS, "hmac_key": "sixteen letters!"}, as_=tenant.admin)
    assert made.json["hmac_key"] is None
    assert "sixteen letters!" not in made.text
    kept = world.value("select hmac_key_sealed from channels")
    assert unseal(kept, belongs_to=f"channel:{made.json['id']}:hmac_key") == "sixteen letters!"


def test_it_says_what_happened(api, tenant, world):
    made = api.post(PATH, VENDAS, as_=tenant.admin).json
    (event,) = world.events()
    assert (event["event_type"], event["data"]) == ("channel.created", {"channel_id": made["id"], "type": "waha"})


def test_a_bot_may_answer_from_the_start(api, tenant, world):
    bot = api.post("/api/v1/crm/agents", {"name": "Bia"}, as_=tenant.admin).json["id"]
    made = api.post(PATH, {**VENDAS, "default_agent_id": bot}, as_=tenant.admin)
    assert made.json["default_agent_id"] == bot


def test_another_tenants_bot_looks_like_one_that_never_was(api, tenant, other_tenant, world):
    theirs = waha_channel(world, api, other_tenant).agent_id
    assert hidden_in(api, tenant.admin, "POST", PATH, VENDAS, "default_agent_id", theirs)
    assert world.value("select count(*) from channels where tenant_id = :id", id=tenant.tenant_id) == 0


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_connects_channels(api, tenant, role):
    assert api.post(PATH, VENDAS, as_=getattr(tenant, role)).status_code == 403


def test_a_stranger_connects_none(api, tenant):
    assert api.post(PATH, VENDAS).status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "telegram"),
        ("name", ""),
        ("base_url", "http://waha.example.com"),
        ("base_url", "https://127.0.0.1"),
        ("base_url", "https://user:pass@waha.example.com"),
        ("base_url", "https://waha.example.com/?to=x"),
        ("base_url", "waha"),
        ("session_name", "my session"),
        ("session_name", "../admin"),
        ("engine", "noweb"),
        ("api_key", ""),
        ("api_key", "a\r\nX-Evil: 1"),
        ("hmac_key", "short"),
        ("debounce_timeout_ms", -1),
        ("debounce_timeout_ms", 300_001),
        ("debounce_timeout_ms", 1.5),
        ("debounce_max_wait_ms", 3_600_001),
        ("replies_in_groups", "yes"),
        ("default_agent_id", "Bia"),
        ("status", "active"),
    ],
)
def test_what_does_not_fit_is_named(api, tenant, world, field, value):
    refused = api.post(PATH, {**VENDAS, field: value}, as_=tenant.admin)
    assert refused.status_code == 422
    assert [problem["field"] for problem in refused.json["error"]["details"]["fields"]] == [field]
    assert world.value("select count(*) from channels") == 0
