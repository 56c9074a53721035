import pytest

from infra.fakes.waha_events import Addressing
from tests.support.borders import hidden
from tests.support.conversation import speak

PATH = "/api/v1/crm/sessions/{}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_session(api, tenant, channel, spoken, role):
    answer = api.get(PATH.format(spoken.session_id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    expected = {
        "id": str(spoken.session_id),
        "channel_id": str(channel.id),
        "chat_id": str(spoken.chat_id),
        "contact_id": str(spoken.contact_id),
        "status": "open",
        "held_by": "bot",
        "held_since": None,
        "agent_id": None,
        "timeout_minutes": 1440,
        "ended_at": None,
        "close_reason": None,
    }
    assert {name: answer.json[name] for name in expected} == expected


def test_the_id_of_one_that_was_merged_shows_which_it_became_one_with(api, world, tenant, channel):
    ways = (Addressing.LID, Addressing.PHONE)
    sessions = [speak(world, channel, addressing=way).session_id for way in ways]
    assert sessions[0] != sessions[1]
    speak(world, channel, addressing=Addressing.LID_WITH_PHONE)
    seen = [api.get(PATH.format(session), as_=tenant.viewer).json for session in sessions]
    assert seen[0] == seen[1]
    assert seen[0]["status"] == "open"


def test_another_tenants_session_looks_like_one_that_never_was(api, tenant, theirs):
    assert hidden(api, tenant.admin, "GET", PATH, theirs.session_id)


def test_a_stranger_sees_nothing(api, spoken):
    assert api.get(PATH.format(spoken.session_id)).status_code == 401
