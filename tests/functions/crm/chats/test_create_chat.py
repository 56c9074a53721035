import pytest

from infra.fakes.waha_events import Party
from tests.support.conversation import speak

PATH = "/api/v1/crm/chats"


@pytest.fixture
def stranger(api, tenant):
    told = api.post("/api/v1/crm/contacts", {"phone": "+5511900000009", "name": "Eva"}, as_=tenant.agent)
    return told.json["id"]


def create(api, tenant, role="agent", headers=None, **body):
    return api.post(PATH, body, as_=getattr(tenant, role), headers=headers)


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_an_agent_opens_a_chat_with_a_contact(api, tenant, world, channel, stranger, role):
    answer = create(api, tenant, role, kind="individual", contact_id=stranger, channel_id=str(channel.id))
    assert answer.status_code == 201, answer.text
    expected = {"kind": "individual", "contact_id": stranger, "channel_id": str(channel.id), "status": "active"}
    assert {name: answer.json[name] for name in expected} == expected
    assert answer.json["addresses"] == ["5511900000009@c.us"]
    (event,) = world.events("chat.created")
    assert event["data"]["contact_id"] == stranger


def test_where_there_is_one_it_is_named(api, tenant, world, channel, spoken):
    answer = create(api, tenant, contact_id=str(spoken.contact_id), channel_id=str(channel.id))
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "chat_exists")
    assert answer.json["error"]["details"] == {"chat_id": str(spoken.chat_id)}
    assert world.value("select count(*) from chats") == 1


def test_under_one_key_it_is_done_once(api, tenant, world, channel, stranger):
    body = {"contact_id": stranger, "channel_id": str(channel.id)}
    first, again = (create(api, tenant, headers={"Idempotency-Key": "new"}, **body) for _ in range(2))
    assert (again.status_code, again.json) == (201, first.json)
    assert len(world.events("chat.created")) == 1


def test_what_the_contact_then_writes_is_in_it(api, tenant, world, channel, stranger):
    chat = create(api, tenant, contact_id=stranger, channel_id=str(channel.id)).json["id"]
    said = speak(world, channel, customer=Party(phone="5511900000009", lid="100000000000009", name="Eva"))
    assert str(said.chat_id) == chat


def test_a_contact_without_a_phone_cannot_be_written_to(api, tenant, channel):
    contact = api.post("/api/v1/crm/contacts", {"email": "eva@example.com"}, as_=tenant.agent).json["id"]
    assert create(api, tenant, contact_id=contact, channel_id=str(channel.id)).status_code == 422


@pytest.mark.parametrize(
    ("kind", "code"),
    [("group", "invalid"), ("channel", "kind_unavailable"), ("status", "invalid"), (1, "invalid"), (None, "invalid")],
)
def test_other_kinds_are_refused(api, tenant, world, channel, stranger, kind, code):
    answer = create(api, tenant, kind=kind, contact_id=stranger, channel_id=str(channel.id))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    assert world.value("select count(*) from chats") == 0


def test_of_whatsapps_channels_nothing_else_is_asked(api, tenant, world):
    answer = create(api, tenant, kind="channel")
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "kind_unavailable")


def test_what_is_another_tenants_is_not_there(api, tenant, channel, stranger, theirs):
    assert create(api, tenant, contact_id=str(theirs.contact_id), channel_id=str(channel.id)).status_code == 404
    assert create(api, tenant, contact_id=stranger, channel_id=str(theirs.chat_id)).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), (None, 401)])
def test_others_open_none(api, tenant, world, channel, stranger, role, status):
    caller = getattr(tenant, role) if role else None
    body = {"contact_id": stranger, "channel_id": str(channel.id)}
    assert api.post(PATH, body, as_=caller).status_code == status
    assert world.value("select count(*) from chats") == 0
