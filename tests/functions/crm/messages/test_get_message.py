import pytest

from infra.fakes.waha_events import make_event
from tests.support.borders import hidden
from tests.support.conversation import ANA

PATH = "/api/v1/crm/messages/{}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_message(api, tenant, channel, spoken, role):
    answer = api.get(PATH.format(spoken.message_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    expected = {
        "id": str(spoken.message_id),
        "project_id": str(tenant.project_id),
        "channel_id": str(channel.id),
        "chat_id": str(spoken.chat_id),
        "session_id": str(spoken.session_id),
        "message_group_id": str(spoken.group_id),
        "contact_id": str(spoken.contact_id),
        "sender_contact_id": str(spoken.contact_id),
        "direction": "inbound",
        "sender_kind": "contact",
        "agent_id": None,
        "type": "text",
        "status": "received",
        "text": "Oi!",
        "media": None,
        "location": None,
        "cards": None,
        "quoted_message_id": None,
    }
    assert {name: answer.json[name] for name in expected} == expected


def test_media_come_with_all_that_is_known_of_them(api, world, tenant, channel):
    channel.deliver(make_event("GOWS", "document", body="O contrato", customer=ANA))
    message_id = world.value("select id from messages")
    answer = api.get(PATH.format(message_id), as_=tenant.viewer).json
    assert (answer["type"], answer["text"]) == ("document", "O contrato")
    assert set(answer["media"]) == {
        "url",
        "mimetype",
        "file_name",
        "size_bytes",
        "duration_seconds",
        "sha256",
        "missing_reason",
        "error",
    }
    assert answer["media"]["mimetype"]


def test_another_tenants_message_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.message_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.message_id)).status_code == 401
