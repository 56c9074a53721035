import pytest

from infra.fakes.waha_events import Party, make_event
from shared.runtime.sealing import unseal
from tests.support.borders import hidden, hidden_in
from tests.support.waha import HMAC_KEY, waha_channel

PATH = "/api/v1/crm/channels/{}"
ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")


@pytest.fixture
def channel(world, api, tenant):
    return waha_channel(world, api, tenant)


def change(api, tenant, channel, **body):
    return api.patch(PATH.format(channel.id), body, as_=tenant.admin)


def test_what_is_given_changes_and_the_rest_stays(api, tenant, world, channel):
    answer = change(api, tenant, channel, name="Suporte", debounce_timeout_ms=0, status="inactive")
    assert answer.status_code == 200
    assert (answer.json["name"], answer.json["debounce_timeout_ms"]) == ("Suporte", 0)
    assert (answer.json["status"], answer.json["engine"], answer.json["version"]) == ("inactive", "GOWS", 2)
    assert (answer.json["webhook_url"], answer.json["hmac_key"]) == (None, None)
    assert {event["event_type"]: event["data"] for event in world.events()} == {
        "channel.debounce_timeout_changed": {"channel_id": str(channel.id), "old_ms": 15_000, "new_ms": 0},
        "channel.updated": {"channel_id": str(channel.id), "changed": ["name", "status"]},
    }


@pytest.mark.parametrize("body", [{}, {"name": "WhatsApp", "debounce_timeout_ms": 15_000, "rotate_token": False}])
def test_a_change_to_the_same_is_none(api, tenant, world, channel, body):
    assert change(api, tenant, channel, **body).json["version"] == 1
    assert world.events() == []


def test_a_new_key_counts_at_once_and_is_not_shown(api, tenant, world, channel):
    answer = change(api, tenant, channel, hmac_key="another long key", api_key="another")
    assert "another" not in answer.text
    assert channel.deliver(make_event("GOWS", "text", body="Oi!", customer=ANA)).status_code == 401
    signed = channel.deliver(make_event("GOWS", "text", body="Oi!", customer=ANA), key="another long key")
    assert signed.status_code == 200
    kept = world.value("select api_key_sealed from channels")
    assert unseal(kept, belongs_to=f"channel:{channel.id}:api_key") == "another"
    assert world.events("channel.updated")[0]["data"]["changed"] == ["api_key", "hmac_key"]


def test_another_server_is_given_no_key_of_the_one_before(api, tenant, world, channel):
    elsewhere, keys = "https://waha.example.com", {"api_key": "another", "hmac_key": "another long key"}
    for some in ({}, {"api_key": "another"}, {"hmac_key": "another long key"}):
        refused = change(api, tenant, channel, base_url=elsewhere, **some)
        assert (refused.status_code, refused.json["error"]["code"]) == (422, "keys_required")
    assert world.value("select version from channels") == 1
    assert change(api, tenant, channel, base_url=elsewhere, **keys).json["base_url"] == elsewhere
    for same in (f"{elsewhere}/behind/a/path", "https://WAHA.example.com:443"):
        assert change(api, tenant, channel, base_url=same).status_code == 200


def test_a_rotated_token_makes_a_new_url_and_ends_the_old_one(api, tenant, world, channel):
    answer = change(api, tenant, channel, rotate_token=True)
    path = answer.json["webhook_url"].removeprefix("http://127.0.0.1:8080")
    event = make_event("GOWS", "text", body="Oi!", customer=ANA)
    assert channel.deliver(event).status_code == 404
    assert type(channel)(**{**vars(channel), "path": path}).deliver(event, key=HMAC_KEY).status_code == 200
    assert world.events("channel.updated")[0]["data"]["changed"] == ["token"]
    assert path.rpartition(".")[2] not in str(world.rows("select * from channels"))
    assert change(api, tenant, channel, name="x").json["webhook_url"] is None


def test_the_bot_can_be_changed_and_taken_away(api, tenant, world, channel):
    bot = api.post("/api/v1/crm/agents", {"name": "Leo"}, as_=tenant.admin).json["id"]
    assert change(api, tenant, channel, default_agent_id=bot).json["default_agent_id"] == bot
    assert change(api, tenant, channel, default_agent_id=None).json["default_agent_id"] is None
    told = [event["data"]["agent_id"] for event in world.events("channel.default_agent_set")]
    assert told == [bot, None]


def test_a_person_is_no_bot(api, tenant, world, channel):
    world.run(
        "insert into agents (id, tenant_id, project_id, version, name, kind, user_id) "
        "values (:id, :tenant_id, :project_id, 1, 'Agent', 'human', :user_id)",
        id=(person := tenant.agent.user_id),
        tenant_id=tenant.tenant_id,
        project_id=tenant.project_id,
        user_id=person,
    )
    refused = change(api, tenant, channel, default_agent_id=str(person))
    assert refused.status_code == 422
    assert "kind is bot" in refused.json["error"]["message"]


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_changes_it(api, tenant, channel, role):
    assert api.patch(PATH.format(channel.id), {"name": "Mine"}, as_=getattr(tenant, role)).status_code == 403


def test_another_tenants_channel_looks_like_one_that_never_was(api, world, tenant, other_tenant):
    theirs = waha_channel(world, api, other_tenant)
    assert hidden(api, tenant.admin, "PATCH", PATH, theirs.id, json={"name": "Mine"})
    assert world.value("select name from channels") == "WhatsApp"


def test_another_tenants_bot_looks_like_one_that_never_was(api, world, tenant, other_tenant, channel):
    theirs = waha_channel(world, api, other_tenant).agent_id
    path = PATH.format(channel.id)
    assert hidden_in(api, tenant.admin, "PATCH", path, {}, "default_agent_id", theirs)


@pytest.mark.parametrize(
    "body",
    [
        {"name": None},
        {"base_url": "https://169.254.169.254"},
        {"api_key": None},
        {"hmac_key": "short"},
        {"status": "deleted"},
        {"debounce_timeout_ms": 300_001},
        {"default_agent_id": "Bia"},
        {"token": "mine"},
        {"connection": "working"},
    ],
)
def test_what_does_not_fit_changes_nothing(api, tenant, world, channel, body):
    assert change(api, tenant, channel, **body).status_code == 422
    assert world.value("select version from channels") == 1
