import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden
from tests.support.conversation import speak
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/channels/{}/sessions"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_channels_sessions_and_no_others(api, world, tenant, channel, spoken, role):
    speak(world, waha_channel(world, api, tenant, session_name="outra"), customer=BIA)
    answer = api.get(PATH.format(channel.id), as_=getattr(tenant, role))
    assert (answer.status_code, [each["id"] for each in answer.json["data"]]) == (200, [str(spoken.session_id)])


def test_the_latest_comes_first_and_they_can_be_sifted(api, world, tenant, channel, spoken):
    world.advance(60)
    later = speak(world, channel, customer=BIA, timestamp=int(world.now().timestamp())).session_id
    found = api.get(PATH.format(channel.id), as_=tenant.viewer).json["data"]
    assert [each["id"] for each in found] == [str(later), str(spoken.session_id)]
    assert api.get(f"{PATH.format(channel.id)}?filter[status]=closed", as_=tenant.viewer).json["data"] == []


def test_another_tenants_channel_looks_like_one_that_never_was(api, world, tenant, other_tenant):
    theirs = waha_channel(world, api, other_tenant)
    assert hidden(api, tenant.admin, "GET", PATH, theirs.id)


def test_a_stranger_sees_nothing(api, channel):
    assert api.get(PATH.format(channel.id)).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=status", "filter[chat_id]=x", "filter[held_since]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, channel, query):
    assert api.get(f"{PATH.format(channel.id)}?{query}", as_=tenant.viewer).status_code == 400
