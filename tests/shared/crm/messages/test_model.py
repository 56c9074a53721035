import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.crm.messages.model import (
    Direction,
    Level,
    Message,
    MessageStatus,
    SenderKind,
)
from shared.kernel.errors import Conflict
from shared.kernel.outbound import words
from tests.shared.crm.samples import CONTACT, NOON, a_chat, arrived, minute, names, queued, told

WAY = [
    MessageStatus.QUEUED,
    MessageStatus.SENDING,
    MessageStatus.UNKNOWN,
    MessageStatus.SENT,
    MessageStatus.FAILED,
    MessageStatus.DELIVERED,
    MessageStatus.READ,
    MessageStatus.PLAYED,
]
LEVELS = [-1, 0, 1, 2, 3, 4]


def sending():
    message = queued(external_id="3EB0F1")
    message.claim(NOON)
    return message


def lost():
    message = sending()
    message.lose_track(NOON)
    message.collect()
    return message


def from_phone():
    return arrived(from_me=True, customer=None, sender=None)


BEGINNINGS = [sending, lost, from_phone]


def tell(message, level, at=NOON):
    """A receipt, or (5) the echo of the message itself."""
    if level == 5:
        message.was_sent("3EB0F1", "true_5511987654321@c.us_3EB0F1")
    else:
        message.receipt(level, at)


def test_a_customers_message_is_received_under_its_sender():
    chat = a_chat()
    message = Message.arrived(told(), chat=chat, session_id=None, at=NOON, sender_id=CONTACT)
    assert (message.direction, message.sender_kind) == (Direction.INBOUND, SenderKind.CONTACT)
    assert (message.status, message.sent_at) == (MessageStatus.RECEIVED, NOON)
    assert (message.contact_id, message.sender_contact_id) == (chat.contact_id, CONTACT)
    assert names(message) == ["message.created"]


def test_our_own_message_from_the_phone_is_sent_already():
    message = from_phone()
    assert (message.direction, message.sender_kind) == (Direction.OUTBOUND, SenderKind.PHONE)
    assert message.status is MessageStatus.SENT


def test_a_queued_message_asks_to_be_sent():
    quoted = arrived()
    message = Message.queue(
        chat=a_chat(), session_id=None, draft=words("Olá!"), at=NOON, sender_kind=SenderKind.BOT, quoted=quoted
    )
    assert names(message) == ["message.created", "message.queued"]
    assert (message.quoted_message_id, message.quoted_external_id) == (quoted.id, quoted.external_id)


def test_a_claim_can_be_returned():
    message = queued()
    message.claim(NOON)
    assert (message.status, message.claimed_at) == (MessageStatus.SENDING, NOON)
    message.put_back()
    assert (message.status, message.claimed_at) == (MessageStatus.QUEUED, None)


def test_a_queued_message_can_be_withdrawn():
    message = queued()
    message.cancel("a person wrote in the chat")
    assert message.status is MessageStatus.CANCELLED
    assert names(message) == ["message.cancelled"]


@pytest.mark.parametrize("begin", BEGINNINGS)
@given(levels=st.lists(st.sampled_from([*LEVELS, 5]), max_size=8))
def test_a_status_never_goes_back(begin, levels):
    message = begin()
    reached = [message.status]
    for level in levels:
        tell(message, level)
        reached.append(message.status)
    assert reached == sorted(reached, key=WAY.index)


@pytest.mark.parametrize("begin", BEGINNINGS)
@given(levels=st.lists(st.tuples(st.sampled_from([*LEVELS, 5]), st.integers(0, 9)), max_size=5), data=st.data())
def test_the_order_of_receipts_does_not_matter(begin, levels, data):
    ends = []
    for order in (levels, data.draw(st.permutations(levels))):
        message = begin()
        for level, at in order:
            tell(message, level, minute(at))
        ends.append((message.status, message.delivered_at, message.read_at, message.played_at, message.failure_code))
    assert ends[0] == ends[1]


@pytest.mark.parametrize(
    ("levels", "status", "events"),
    [
        ([1], MessageStatus.SENT, ["message.sent"]),
        ([1, 1, 2, 3, 4], MessageStatus.PLAYED, [f"message.{n}" for n in ("sent", "delivered", "read", "played")]),
        ([3, 2, 1], MessageStatus.READ, ["message.read"]),
        ([0], MessageStatus.SENDING, []),
        ([-1], MessageStatus.FAILED, ["message.failed"]),
        ([1, -1, 1], MessageStatus.FAILED, ["message.sent", "message.failed"]),
        ([2, -1], MessageStatus.DELIVERED, ["message.delivered"]),
        ([-1, 2], MessageStatus.DELIVERED, ["message.failed", "message.delivered"]),
        ([7, -2], MessageStatus.SENDING, []),
    ],
)
def test_receipts_lead_forward_and_say_so_once(levels, status, events):
    message = sending()
    for level in levels:
        tell(message, level)
    assert message.status is status
    assert names(message) == events
    assert (message.failure_code is None) == (status is not MessageStatus.FAILED)


def test_a_failure_of_ours_is_disproved_by_any_word_of_the_provider():
    for levels in ([1], [5]):
        message = sending()
        message.fail("refused", "WAHA refused the request.")
        for level in levels:
            tell(message, level)
        assert (message.status, message.failure_code, message.failure_reason) == (MessageStatus.SENT, None, None)


def test_a_withdrawn_message_is_not_failed_by_a_receipt():
    message = queued()
    message.cancel("a newer message came first")
    message.receipt(-1, NOON)
    assert message.status is MessageStatus.CANCELLED


def test_the_first_moment_of_each_step_is_remembered():
    message = sending()
    for level, at in ((2, 5), (3, 9), (2, 3), (3, 12)):
        message.receipt(level, minute(at))
    assert (message.delivered_at, message.read_at, message.played_at) == (minute(3), minute(9), None)


@pytest.mark.parametrize(("level", "read"), [(1, False), (2, False), (3, True), (4, True), (-1, False)])
def test_a_receipt_for_a_customers_message_says_that_we_read_it(level, read):
    message = arrived()
    message.receipt(level, minute(2))
    message.receipt(level, minute(1))
    assert message.status is MessageStatus.RECEIVED
    assert message.read_at == (minute(1) if read else None)
    assert names(message) == (["message.read"] if read else [])


def test_an_id_once_learnt_is_kept():
    message = queued()
    message.claim(NOON)
    message.was_sent("3EB0F1")
    message.was_sent("3EB0F2", "true_x@c.us_3EB0F2")
    assert (message.external_id, message.provider_id) == ("3EB0F1", "true_x@c.us_3EB0F2")
    assert names(message) == ["message.sent"]


def failed(code="rate_limited"):
    message = sending()
    message.fail(code, "no")
    message.collect()
    return message


def test_what_was_refused_is_queued_again_as_if_new():
    message = failed()
    message.retry(minute(5))
    assert names(message) == ["message.retried", "message.queued"]
    assert (message.status, message.sent_at, message.claimed_at, message.retries) == (
        MessageStatus.QUEUED,
        minute(5),
        None,
        1,
    )
    assert (message.failure_code, message.failure_reason) == (None, None)


@pytest.mark.parametrize("make", [queued, sending, lost, from_phone, arrived, lambda: failed("provider_error")])
def test_what_may_have_been_sent_is_not_queued_again(make):
    message = make()
    before = vars(message).copy()
    with pytest.raises(Conflict):
        message.retry(minute(5))
    assert vars(message) == before


@pytest.mark.parametrize("make", [lost, from_phone, lambda: failed("provider_error")])
@pytest.mark.parametrize("level", [Level.DELIVERED, Level.READ, Level.PLAYED])
def test_what_was_sent_can_be_confirmed(make, level):
    message = make()
    message.confirm(level, minute(1))
    assert (message.status.value, names(message)) == (level.value, [f"message.{level}"])


@pytest.mark.parametrize("make", [queued, sending, arrived, failed])
def test_what_was_not_sent_cannot(make):
    with pytest.raises(Conflict):
        make().confirm(Level.DELIVERED, NOON)


def test_deleting_withdraws_what_waits():
    message = queued()
    message.delete(NOON, CONTACT)
    assert (message.status, names(message)) == (MessageStatus.CANCELLED, ["message.cancelled", "message.deleted"])


def test_what_is_being_sent_is_not_deleted():
    with pytest.raises(Conflict, match="being sent"):
        sending().delete(NOON, CONTACT)


@given(
    st.lists(st.dictionaries(st.sampled_from("abcd"), st.none() | st.integers() | st.text(), max_size=4), max_size=5)
)
def test_notes_are_what_was_last_said_under_each_name(steps):
    message = arrived()
    told: dict[str, int | str | None] = {}
    for notes in steps:
        message.annotate(notes)
        told |= notes
    assert message.metadata == {name: note for name, note in told.items() if note is not None}
