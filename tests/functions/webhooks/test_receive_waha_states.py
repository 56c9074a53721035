from datetime import datetime

from tests.functions.webhooks.conftest import ANA

EARLIER, LATER = 1_783_000_000_000, 1_783_000_060_000


def connection(desk):
    (row,) = desk.world.rows(
        "select connection, extract(epoch from connection_at)::bigint * 1000 as at, phone from channels"
    )
    return row["connection"], row["at"]


def test_the_newest_state_counts_in_any_order(any_desk):
    any_desk.connects("WORKING", at=LATER)
    any_desk.connects("STARTING", at=EARLIER)
    assert connection(any_desk) == ("working", LATER)
    assert len(any_desk.world.events("channel.state_changed")) == 1


def test_a_state_tells_whose_phone_it_is_and_keeps_it(any_desk):
    any_desk.connects("WORKING", at=EARLIER)
    any_desk.connects("SCAN_QR_CODE", at=LATER, me=None)
    assert any_desk.world.value("select phone from channels") == "+5511999990000"
    assert connection(any_desk)[0] == "scan_qr_code"


def test_the_same_state_again_is_no_news(any_desk):
    any_desk.connects("WORKING", at=EARLIER)
    any_desk.connects("WORKING", at=LATER)
    assert connection(any_desk) == ("working", LATER)
    assert len(any_desk.world.events("channel.state_changed")) == 1


def test_a_state_from_the_future_does_not_silence_later_ones(any_desk):
    any_desk.connects("WORKING", at=4_000_000_000_000)
    any_desk.connects("FAILED")
    assert any_desk.world.value("select connection_at <= now() from channels") is True


def test_a_state_nobody_knows_is_taken_as_it_is(any_desk):
    any_desk.connects("SOMETHING_NEW")
    assert connection(any_desk)[0] == "something_new"


def test_a_state_touches_no_conversation(any_desk):
    any_desk.hears(customer=ANA)
    before = any_desk.count("outbox_events")
    any_desk.connects("FAILED")
    assert any_desk.count("outbox_events") == before + 1
    assert any_desk.world.value("select version from sessions") == 1


def test_every_new_code_to_be_scanned_is_told_of(any_desk):
    any_desk.connects("SCAN_QR_CODE", at=EARLIER, me=None)
    any_desk.connects("SCAN_QR_CODE", at=LATER, me=None)
    told = [each["data"]["expires_at"] for each in any_desk.world.events("channel.qr_updated")]
    assert [moment(each) for each in told] == [EARLIER + 20_000, LATER + 20_000]
    assert len(any_desk.world.events("channel.state_changed")) == 1


def test_a_code_that_is_no_news_is_not_told_of(any_desk):
    any_desk.connects("WORKING", at=LATER)
    any_desk.connects("SCAN_QR_CODE", at=EARLIER, me=None)
    any_desk.connects("WORKING", at=LATER + 1)
    any_desk.connects("SCAN_QR_CODE", at=LATER + 1, me=None)
    assert any_desk.world.events("channel.qr_updated") == []


def moment(told):
    return int(datetime.fromisoformat(told).timestamp() * 1000)
