import json

import httpx
import pytest

from infra import openapi
from tests.support.client import ApiClient, operations
from tests.support.conversation import speak
from tests.support.gateway import gateway
from tests.support.waha import waha_channel

DOCUMENT = json.loads(openapi.FILE.read_text())


@pytest.fixture
def client(tenant):
    """The generated client, talking to the whole door of the cloud in this process."""
    with gateway() as door:
        transport = httpx.WSGITransport(app=door.client.application)
        made = ApiClient("http://localhost", tenant.admin.key.headers, transport=transport)
        yield made
        made.close()


def test_every_operation_is_in_the_client():
    assert operations().keys() == {each["operationId"] for each in openapi.operations(DOCUMENT)}


def test_a_contact_is_made_changed_listed_and_deleted(client):
    made = client.ask("create_contact", body={"phone": "+5511912345678", "name": "Ana"})
    assert (made.status_code, made.parsed.phone) == (201, "+5511912345678")
    contact_id, version = made.parsed.id, made.parsed.version
    changed = client.ask("update_contact", contact_id=contact_id, body={"name": "Ana Lima"}, if_match=f'"{version}"')
    assert (changed.status_code, changed.parsed.name) == (200, "Ana Lima")
    assert [each.id for each in client.ask("list_contacts", limit=10).parsed.data] == [contact_id]
    assert client.ask("delete_contact", contact_id=contact_id).status_code == 204
    gone = client.ask("get_contact", contact_id=contact_id)
    assert (gone.status_code, gone.parsed.error.code) == (404, "not_found")


def test_a_conversation_is_followed_to_its_end(client, world, api, tenant):
    spoken = speak(world, waha_channel(world, api, tenant), text="Bom dia")
    heard = client.ask("list_session_messages", session_id=spoken.session_id).parsed.data
    assert [(each.text, each.direction) for each in heard] == [("Bom dia", "inbound")]
    answered = client.ask("create_message", body={"type": "text", "chat_id": str(spoken.chat_id), "text": "Bom dia!"})
    assert (answered.status_code, answered.parsed.session_id) == (201, spoken.session_id)
    assert client.ask("close_session", session_id=spoken.session_id).parsed.status == "closed"
    assert client.ask("get_chat", chat_id=spoken.chat_id).parsed.open_session_id is None


def test_who_brings_no_credential_is_told_so():
    with gateway() as door:
        client = ApiClient("http://localhost", transport=httpx.WSGITransport(app=door.client.application))
        answer = client.ask("get_profile")
        client.close()
    assert (answer.status_code, answer.parsed.error.code) == (401, "unauthenticated")
