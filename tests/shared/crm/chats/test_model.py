import pytest

from shared.crm.chats.model import Chat, ChatStatus
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


def test_who_joins_is_noted():
    chat = a_chat(ChatKind.GROUP)
    chat.joined_by(CONTACT)
    assert names(chat) == ["chat.participant_added"]


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
