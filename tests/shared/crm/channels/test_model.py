import pytest

from shared.crm.channels.events import ChannelUpdated
from shared.crm.channels.model import Channel, ChannelStatus, ChannelType, Engine
from shared.kernel.errors import Invalid
from tests.shared.crm.samples import CONTACT, PROJECT, TENANT, minute, names


def made(**facts):
    given = {
        "id": Channel.new_id(),
        "tenant_id": TENANT,
        "project_id": PROJECT,
        "type": ChannelType.WAHA,
        "name": "WhatsApp",
        "base_url": "https://waha.example.com",
        "session_name": "default",
        "engine": Engine.GOWS,
        "token_hash": "hash",
        "token_sealed": "sealed",
        "api_key_sealed": "sealed",
        "hmac_key_sealed": "sealed",
    }
    return Channel(**{**given, **facts})


def test_a_new_channel_waits_fifteen_seconds_and_a_minute_at_most():
    channel = made().created()
    assert (channel.debounce_timeout_ms, channel.debounce_max_wait_ms) == (15_000, 60_000)
    assert (channel.status, channel.connection, channel.replies_in_groups) == (ChannelStatus.ACTIVE, "unknown", False)
    assert names(channel) == ["channel.created"]


@pytest.mark.parametrize("wait", [0, 1, 300_000])
def test_the_debounce_may_be_anything_up_to_five_minutes(wait):
    channel = made()
    channel.debounce(wait)
    assert channel.debounce_timeout_ms == wait
    assert names(channel) == ["channel.debounce_timeout_changed"]


@pytest.mark.parametrize("wait", [-1, 300_001])
def test_a_debounce_beyond_its_bounds_is_refused(wait):
    channel = made()
    with pytest.raises(Invalid):
        channel.debounce(wait)
    assert channel.debounce_timeout_ms == 15_000


def test_what_does_not_change_is_no_news():
    channel = made(default_agent_id=CONTACT)
    channel.debounce(15_000)
    channel.answer_by(CONTACT)
    channel.changed([])
    assert names(channel) == []


def test_the_agent_that_answers_can_be_set_and_taken_away():
    channel = made()
    channel.answer_by(CONTACT)
    channel.answer_by(None)
    assert channel.default_agent_id is None
    assert names(channel) == ["channel.default_agent_set", "channel.default_agent_set"]


def test_the_event_of_a_change_names_fields_not_values():
    channel = made()
    channel.changed(["name", "base_url"])
    assert channel.collect() == [ChannelUpdated(channel_id=channel.id, changed=["base_url", "name"])]


def test_the_newest_word_about_the_connection_counts():
    channel = made()
    channel.connection_is("working", minute(5), "+5511999990000")
    channel.connection_is("starting", minute(3), None)
    assert (channel.connection, channel.connection_at) == ("working", minute(5))
    channel.connection_is("working", minute(6), None)
    channel.connection_is("failed", minute(7), None)
    assert (channel.connection, channel.connection_at, channel.phone) == ("failed", minute(7), "+5511999990000")
    assert names(channel) == ["channel.state_changed", "channel.state_changed"]
