import itertools

import pytest

from shared.crm.chats.model import Chat, ChatStatus
from shared.kernel.errors import Conflict
from shared.kernel.inbound import ChatKind
from tests.shared.crm.samples import CHANNEL, CONTACT, PROJECT, TENANT, a_chat, minute, names


def test_a_chat_opens_on_a_channel():
    chat = Chat.open(
        tenant_id=TENANT, project_id=PROJECT, channel_id=CHANNEL, kind=ChatKind.INDIVIDUAL, contact_id=CONTACT
    )
    assert (chat.status, chat.contact_id, chat.last_message_at) == (ChatStatus.ACTIVE, CONTACT, None)
    assert names(chat) == ["chat.created"]


@pytest.mark.parametrize("kind", list(ChatKind))
def test_statuses_and_newsletters_are_no_conversations(kind):
    assert a_chat(kind).converses is (kind in {ChatKind.INDIVIDUAL, ChatKind.GROUP})


def test_the_last_message_is_the_latest_written_not_the_latest_come():
    chat = a_chat()
    for at in (5, 9, 7):
        chat.heard(minute(at))
    assert chat.last_message_at == minute(9)


def test_who_joins_leaves_and_rises_is_noted():
    chat = a_chat(ChatKind.GROUP)
    chat.takes_part(CONTACT, is_in=True)
    chat.ranks(CONTACT, is_admin=True)
    chat.ranks(CONTACT, is_admin=False)
    chat.takes_part(CONTACT, is_in=False)
    assert names(chat) == [f"chat.participant_{what}" for what in ("added", "promoted", "demoted", "removed")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_last_word_counts_in_whatever_order_it_comes(order):
    chat = a_chat(ChatKind.GROUP)
    for number in order:
        chat.called(f"Nome {number}", f"{number}")
        chat.archive(f"{number}", is_archived=number != 1)
        chat.we_are_in(f"{number}", minute(number), is_in=number != 2)
    assert (chat.subject, chat.status, chat.left_at) == ("Nome 2", ChatStatus.ARCHIVED, minute(2))


def test_what_is_said_again_is_no_news():
    chat = a_chat(ChatKind.GROUP)
    for _ in range(2):
        chat.called("Obra", "1")
        chat.described("Só da obra", "1")
        chat.archive("1", is_archived=True)
    chat.called("Obra", "2")
    assert names(chat) == ["chat.subject_updated", "chat.description_updated", "chat.archived"]


def test_a_chat_that_was_closed_here_stays_closed():
    chat = a_chat()
    chat.status = ChatStatus.CLOSED
    chat.archive("1", is_archived=True)
    assert (chat.status, names(chat)) == (ChatStatus.CLOSED, [])


def test_it_is_closed_once_and_opened_by_a_customer():
    chat = a_chat()
    chat.customer_wrote()
    chat.close()
    with pytest.raises(Conflict):
        chat.close()
    with pytest.raises(Conflict):
        chat.put_away("9", is_archived=True)
    chat.customer_wrote()
    with pytest.raises(Conflict):
        chat.reopen()
    assert (chat.status, names(chat)) == (ChatStatus.ACTIVE, ["chat.closed", "chat.reopened"])


@pytest.mark.parametrize(("others", "status"), [(ChatStatus.ACTIVE, "active"), (ChatStatus.CLOSED, "closed")])
def test_one_that_becomes_one_with_a_chat_that_goes_on_goes_on(others, status):
    chat, other = a_chat(), a_chat()
    chat.status, other.status = ChatStatus.CLOSED, others
    chat.absorb(other)
    assert chat.status == status


@pytest.mark.parametrize(("own", "others", "latest"), [(5, 9, 9), (9, 5, 9), (None, 5, 5), (5, None, 5)])
def test_two_chats_of_one_person_become_one(own, others, latest):
    survivor, other = a_chat(), a_chat()
    for chat, at in ((survivor, own), (other, others)):
        if at is not None:
            chat.heard(minute(at))
    survivor.absorb(other)
    assert survivor.last_message_at == minute(latest)
    assert (other.status, other.merged_into_id) == (ChatStatus.MERGED, survivor.id)
    assert names(survivor) == ["chat.merged"]
