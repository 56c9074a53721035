import json

import pytest

from infra.fakes.waha_events import Party, make_event
from shared.kernel.inbound import InboundMessage
from shared.providers.waha.envelope import read_delivery
from shared.providers.waha.notices import was_written

ANA = Party(phone="5511987654321", lid="100000000000001", name="Ana")


@pytest.mark.parametrize(
    ("row", "written"),
    [
        ({"_data": {"type": "e2e_notification"}}, False),
        ({"_data": {"type": "chat"}}, True),
        ({"_data": {"Info": {"Type": "reaction"}, "Message": {"reactionMessage": {}}}}, False),
        ({"_data": {"message": {"protocolMessage": {"type": 0}, "messageContextInfo": {}}}}, False),
        ({"_data": {"message": {"conversation": "oi", "messageContextInfo": {}}}}, True),
        ({"_data": {"messageStubType": 20}}, False),
        ({}, True),
    ],
)
def test_what_nobody_wrote_is_no_message(row, written):
    assert was_written(row) is written


@pytest.mark.parametrize("event", ["message", "message.any"])
def test_a_notice_that_comes_live_is_no_message_either(event):
    told = {**make_event("WEBJS", "text", body="", customer=ANA), "event": event}
    told["payload"] |= {"body": "", "_data": {"type": "e2e_notification"}}
    notice = read_delivery(json.dumps(told).encode())
    assert (notice.content, notice.problem, notice.is_foreseen) == (None, None, True)
    told["payload"]["body"] = "Oi"
    said = read_delivery(json.dumps(told).encode()).content
    assert isinstance(said, InboundMessage)
    assert said.text == "Oi"
