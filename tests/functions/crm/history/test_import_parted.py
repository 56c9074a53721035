"""Two who became one and whom somebody parted again stay two, whatever the past says of them."""

import pytest

from infra.fakes.waha_events import Addressing, Said, envelope, payload
from tests.functions.crm.history.conftest import DAY
from tests.support.shop import ANA

WAYS = (Addressing.LID, Addressing.PHONE, Addressing.LID_WITH_PHONE)


def delivers(past, said):
    assert past.shop.channel.deliver(envelope("GOWS", "message.any", "s", payload("GOWS", said))).status_code == 200


@pytest.fixture
def parted(small, world, api):
    """Ana has written by her phone and by her hidden id; the two became one, and an admin has parted them."""
    now = int(world.now().timestamp())
    for ago, way in zip((6 * DAY, 6 * DAY - 60, 6 * DAY - 120), WAYS, strict=True):
        name = f"ID{way.upper()}"
        said = Said(body=name, message_id=name, customer=ANA, addressing=way, timestamp=now - ago)
        delivers(small, said)
    (merged,) = world.events("contact.merged")
    body = {"merge_id": merged["data"]["merge_id"]}
    path = f"/api/v1/crm/contacts/{merged['data']['survivor_id']}/unmerge"
    assert api.post(path, body, as_=small.shop.tenant.admin).status_code == 200
    small.archive.phones[ANA.lid] = ANA.phone
    return small


def who_said(world, text):
    (row,) = world.rows(
        "select m.contact_id, m.sender_contact_id, c.contact_id as owner, s.chat_id = m.chat_id as in_session, "
        "(select array_agg(kind) from contact_identities i where i.contact_id = c.contact_id) as known_by "
        "from messages m join chats c on c.id = m.chat_id join sessions s on s.id = m.session_id where m.text = :said",
        said=text,
    )
    assert row["contact_id"] == row["sender_contact_id"] == row["owner"]
    assert row["in_session"]
    return row["known_by"]


@pytest.mark.parametrize("way", WAYS)
def test_they_stay_two_and_each_has_its_own(parted, world, way):
    parted.keeps("por telefone", 5 * DAY)
    parted.keeps("por id", 4 * DAY, addressing=Addressing.LID)
    parted.keeps("de um jeito", 3 * DAY, addressing=way)
    for _ in range(2):
        parted.asks("reconcile", days=10)
        parted.works()
    assert parted.count("contacts where merged_into_id is null") == 2
    assert parted.count("chats where status <> 'merged'") == 2
    assert len(world.events("contact.merged")) == 1
    assert "phone" in who_said(world, "por telefone")
    assert "lid" in who_said(world, "por id")
    who_said(world, "de um jeito")


def test_a_third_name_of_theirs_still_becomes_one_with_them(parted, world):
    parted.archive.phones["100000000000002"] = ANA.phone
    other = type(ANA)(phone=ANA.phone, lid="100000000000002", name="Ana")
    parted.keeps("por id", 4 * DAY, addressing=Addressing.LID)
    parted.keeps("outro id", 5 * DAY, customer=other, addressing=Addressing.LID)
    parted.asks("reconcile", days=10)
    parted.works()
    assert parted.count("contacts where merged_into_id is null") == 2
    assert "phone" in who_said(world, "outro id")
