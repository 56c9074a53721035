from datetime import UTC, datetime

import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.webhooks import Webhook
from shared.providers.waha.client import Refused, Unknown, Unreachable
from shared.providers.waha.sessions import SessionControl

HERE = "https://crm.example.com/api/v1/webhooks/inbound/waha/aaaa.old"


@pytest.fixture
def waha():
    with FakeWaha() as waha:
        waha.add_session("loja", "GOWS")
        yield waha


@pytest.fixture
def session(waha):
    return waha.state.sessions["loja"]


@pytest.fixture
def control(waha):
    with opened(waha) as control:
        yield control


def opened(waha, **changes):
    told = {"base_url": waha.url, "api_key": "key", "session": "loja", "engine": "GOWS"}
    return SessionControl(**{**told, "allow": frozenset({waha.address}), **changes})


def test_a_session_tells_how_it_is(control, session):
    session.restrictions = {
        "reachoutTimelock": {"isActive": True, "timeEnforcementEnds": "2030-01-01T00:00:00Z"},
        "messageCapping": {"cappingStatus": "CAPPED", "totalQuota": 10, "usedQuota": 10, "cycleEnd": 1893456000},
    }
    told = control.look()
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    assert told.state.status == "WORKING"
    assert (told.timelocked, told.timelocked_until) == (True, moment)
    assert (told.capping, told.used, told.total, told.resets_at) == ("CAPPED", 10, 10, moment)


def test_a_session_that_waits_has_nobody_and_no_restrictions(control, session):
    session.status = "SCAN_QR_CODE"
    told = control.look()
    assert (told.state.phone, told.timelocked, told.capping) == (None, False, None)


@pytest.mark.parametrize(
    ("lock", "locked"),
    [
        (None, False),
        ({}, False),
        ({"isActive": False, "timeEnforcementEnds": 1893456000}, False),
        ({"timeEnforcementEnds": 1893456000}, True),
        ({"isActive": True}, True),
        ("x", False),
    ],
)
def test_a_lock_is_read_as_it_comes(control, session, lock, locked):
    session.restrictions = {"reachoutTimelock": lock}
    assert control.look().timelocked is locked


def test_it_is_begun_ended_and_unpaired(control, session):
    control.end()
    assert session.status == "STOPPED"
    control.begin()
    assert session.status == "WORKING"
    control.unpair()
    assert (session.status, session.paired) == ("SCAN_QR_CODE", False)


def test_the_webhook_is_told_of_a_new_state(waha, control, session):
    session.webhook = Webhook(url="http://127.0.0.1:9/none", attempts=1)
    control.end()
    assert [each.event for each in waha.webhooks.deliveries] == ["session.status"]


def test_its_address_is_put_in_the_place_of_an_older_one(control, session):
    session.webhook = Webhook(url=HERE, events=("message",))
    control.deliver_to(HERE.replace("old", "new"), "a long secret key", ["message.any"])
    (told,) = control.webhooks()
    assert told["url"].endswith("aaaa.new")
    assert session.webhook.hmac_key == "a long secret key"


def test_a_code_is_there_only_while_it_is_waited_for(control, session):
    for ask in (control.qr_picture, control.qr_text, lambda: control.pairing_code("5511912345678")):
        with pytest.raises(Refused) as refusal:
            ask()
        assert refusal.value.status == 422
    session.status, session.paired = "SCAN_QR_CODE", False
    assert control.qr_picture().mimetype == "image/png"
    assert control.qr_text()
    assert control.pairing_code("5511912345678") == "WAHA-1001"


@pytest.mark.parametrize("answer", [{}, [], {"value": 7, "data": [], "code": {}}, "text"])
def test_an_answer_without_a_code_is_none(waha, control, monkeypatch, answer):
    monkeypatch.setattr(waha, "answer", lambda *_: (200, answer))
    for ask in (control.qr_picture, control.qr_text, lambda: control.pairing_code("1"), control.look):
        with pytest.raises(Unknown):
            ask()
    assert control.webhooks() == []


def test_who_cannot_be_reached_or_lets_nobody_in_says_so(waha):
    with (
        opened(waha, base_url="http://127.0.0.1:9", allow=frozenset({"127.0.0.1:9"})) as gone,
        pytest.raises(Unreachable),
    ):
        gone.look()
    with opened(waha, api_key="another") as stranger, pytest.raises(Refused):
        stranger.begin()
