from datetime import datetime, timedelta

import pytest

from shared.crm.channels.tasks import CheckChannel
from tests.support.calls import give
from tests.support.environment import environment
from tests.support.shop import SESSION

HOUR = 3600
DAY = 24 * HOUR


def check(shop):
    assert give(shop.tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) == 204


def health(shop):
    return shop.world.rows("select * from channel_health where id = :id", id=shop.channel.id)


def silences(shop):
    return [event["data"] for event in shop.world.events("channel.silence_detected")]


def connect(shop):
    shop.world.run("update channels set connection = 'working' where id = :id", id=shop.channel.id)


def live(shop, days, at_least=1):
    """Something is heard every day at this hour."""
    for _ in range(days):
        for number in range(at_least):
            shop.hears(f"Oi {number}")
            shop.world.advance(60)
        shop.world.advance(DAY - 60 * at_least)


def test_the_providers_word_is_taken(shop, session):
    check(shop)
    (row,) = health(shop)
    assert (row["problem"], row["timelocked"], row["silent_since"]) == (None, False, None)
    channel = shop.world.rows("select * from channels where id = :id", id=shop.channel.id)[0]
    assert channel["connection"] == "working"
    assert channel["phone"] == f"+{session.me.phone}"
    assert [event["data"]["current"] for event in shop.world.events("channel.state_changed")] == ["working"]
    check(shop)
    assert len(shop.world.events("channel.state_changed")) == 1


def test_what_whatsapp_forbids_is_told_once(shop, session):
    until = datetime.now().astimezone() + timedelta(hours=5)
    session.restrictions = {
        "reachoutTimelock": {"isActive": True, "timeEnforcementEnds": until.isoformat(), "enforcementType": "SPAM"},
        "messageCapping": {
            "cappingStatus": "SECOND_WARNING",
            "totalQuota": 50,
            "usedQuota": 45,
            "cycleEnd": 1893456000,
        },
    }
    check(shop)
    check(shop)
    (row,) = health(shop)
    assert (row["timelocked"], datetime.fromisoformat(row["timelocked_until"])) == (True, until)
    assert (row["capping"], row["capping_used"], row["capping_total"]) == ("second_warning", 45, 50)
    assert row["capping_resets_at"].startswith("2030-01-01")
    (event,) = shop.world.events("channel.restriction_changed")
    assert event["data"]["may_open_chats"] is False
    assert datetime.fromisoformat(event["data"]["until"]) == until


def test_a_restriction_that_ends_is_told_too(shop, session):
    session.restrictions = {"reachoutTimelock": {"isActive": True}, "messageCapping": {"cappingStatus": "CAPPED"}}
    check(shop)
    session.restrictions = {
        "reachoutTimelock": None,
        "messageCapping": {"cappingStatus": "NONE", "totalQuota": -1},
    }
    check(shop)
    assert [each["data"]["may_open_chats"] for each in shop.world.events("channel.restriction_changed")] == [
        False,
        True,
    ]
    assert health(shop)[0]["capping_total"] is None


@pytest.mark.parametrize(
    "odd",
    [
        {"reachoutTimelock": "yes", "messageCapping": 7},
        {
            "reachoutTimelock": {"timeEnforcementEnds": "soon"},
            "messageCapping": {"cappingStatus": "NEW", "usedQuota": {}},
        },
        {"reachoutTimelock": {"isActive": False, "timeEnforcementEnds": 1}, "messageCapping": {"totalQuota": 1e300}},
    ],
)
def test_what_cannot_be_understood_does_no_harm(shop, session, odd):
    session.restrictions = odd
    check(shop)
    (row,) = health(shop)
    assert (row["problem"], row["capping"], row["capping_total"]) == (None, None, None)


def test_a_provider_that_is_away_is_no_state_of_the_channel(shop):
    connect(shop)
    shop.world.run("update channels set base_url = :url where id = :id", url="http://127.0.0.1:9", id=shop.channel.id)
    with environment({"ALLOWED_HOSTS": "127.0.0.1:9"}):
        check(shop)
    assert health(shop)[0]["problem"] == "unreachable"
    assert shop.world.value("select connection from channels where id = :id", id=shop.channel.id) == "working"
    shop.world.run("update channels set base_url = :url where id = :id", url=shop.waha.url, id=shop.channel.id)
    check(shop)
    assert health(shop)[0]["problem"] is None


def test_a_session_that_is_gone_has_a_code(shop):
    del shop.waha.state.sessions[SESSION]
    check(shop)
    assert health(shop)[0]["problem"] == "unauthorized"


def test_a_silence_is_noticed_once_and_ends_with_the_next_delivery(shop):
    live(shop, 5)
    heard = shop.world.value("select max(received_at) from inbound_deliveries")
    check(shop)
    check(shop)
    assert [each["state"] for each in silences(shop)] == ["working"]
    assert datetime.fromisoformat(silences(shop)[0]["since"]) == datetime.fromisoformat(heard)
    assert health(shop)[0]["silent_since"] == heard
    shop.hears("Voltei")
    check(shop)
    assert health(shop)[0]["silent_since"] is None
    live(shop, 1)
    shop.world.advance(2 * HOUR)
    check(shop)
    assert len(silences(shop)) == 1  # two hours later nothing is ever heard
    shop.world.advance(DAY - 2 * HOUR)
    check(shop)
    assert len(silences(shop)) == 2


def test_at_an_hour_at_which_nothing_comes_nothing_is_missed(shop):
    live(shop, 6)
    shop.hears("Boa noite")
    shop.world.advance(8 * HOUR)
    check(shop)
    assert silences(shop) == []


def test_who_has_no_habits_yet_is_not_missed(shop):
    live(shop, 3)
    check(shop)
    assert silences(shop) == []


def test_who_is_not_connected_is_away_and_not_silent(shop, session):
    live(shop, 6)
    session.status = "FAILED"
    check(shop)
    assert silences(shop) == []
    assert shop.world.value("select connection from channels where id = :id", id=shop.channel.id) == "failed"


def test_a_short_quiet_is_none(shop):
    live(shop, 6)
    shop.hears("Oi")
    shop.world.advance(40 * 60)
    check(shop)
    assert silences(shop) == []


def test_it_can_be_told_not_to_listen(shop):
    live(shop, 6)
    with environment({"CHANNEL_SILENCE_MINUTES": "0"}):
        check(shop)
    assert silences(shop) == []


def test_an_inactive_channel_is_left_alone(shop):
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    check(shop)
    assert health(shop) == []


def test_another_tenants_channel_is_not_there(shop, other_tenant):
    assert give(other_tenant.tenant_id, CheckChannel(channel_id=shop.channel.id)) == 204
    assert health(shop) == []
