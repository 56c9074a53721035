import pytest

from infra.fakes.waha_events import Addressing, Party, make_event
from tests.functions.webhooks.conftest import ANA, GROUP, bare_id
from tests.support.waha import waha_channel

NINE = Party(phone="5511987654321", name="Ana")
EIGHT = Party(phone="551187654321", name="Ana")
BOTH = Addressing.LID_WITH_PHONE
_LIVING = "contacts where merged_into_id is null"


def living_chats(desk):
    return desk.world.rows("select * from chats where status <> 'merged'")


@pytest.mark.parametrize("first", [NINE, EIGHT], ids=["with the ninth digit first", "without it first"])
def test_the_ninth_digit_makes_nobody_new(any_desk, first):
    second = EIGHT if first is NINE else NINE
    one, other = (any_desk.message(any_desk.hears(customer=each)) for each in (first, second))
    assert (one["contact_id"], one["chat_id"]) == (other["contact_id"], other["chat_id"])
    addresses = {row["address"] for row in any_desk.world.rows("select address from chat_addresses")}
    assert addresses == {NINE.phone_address, EIGHT.phone_address}


def test_a_landline_is_somebody_else(any_desk):
    for phone in ("551132654321", "5511932654321"):
        any_desk.hears(customer=Party(phone=phone, name="Ana"))
    assert any_desk.count("contacts") == 2


def test_two_tenants_have_their_own_customers(open_desk, world, tenant, other_tenant):
    desks = [open_desk(of=each) for each in (tenant, other_tenant)]
    event = make_event("GOWS", "text", body="Oi", customer=ANA)
    for desk in desks:
        desk.takes(event)
    rows = world.rows("select tenant_id, contact_id, chat_id from messages")
    assert {row["tenant_id"] for row in rows} == {str(each.tenant_id) for each in (tenant, other_tenant)}
    assert len({row["contact_id"] for row in rows}) == len({row["chat_id"] for row in rows}) == 2
    assert (
        world.rows("select status, times_received from inbound_deliveries")
        == [{"status": "kept", "times_received": 1}] * 2
    )


def test_two_channels_share_the_person_but_not_the_chat(open_desk, world):
    desks = [open_desk("GOWS"), open_desk("WEBJS", session_name="outra")]
    event = make_event("GOWS", "text", body="Oi", customer=ANA)
    for desk in desks:
        desk.takes(event)
    rows = world.rows("select contact_id, chat_id, session_id from messages")
    assert len({row["contact_id"] for row in rows}) == 1
    assert len({row["chat_id"] for row in rows}) == len({row["session_id"] for row in rows}) == 2


def test_two_projects_do_not_share_people(open_desk, world, tenant):
    desk = open_desk()
    world.run(
        "insert into projects (id, tenant_id, version, name) values (gen_random_uuid(), :tenant_id, 1, 'Outra')",
        tenant_id=tenant.tenant_id,
    )
    other = waha_channel(world, desk.channel.api, tenant, bot=False)
    world.run(
        "update channels set project_id = (select id from projects where name = 'Outra') where id = :id", id=other.id
    )
    event = make_event("GOWS", "text", body="Oi", customer=ANA)
    for channel in (desk.channel, other):
        assert channel.deliver(event).status_code == 200
    assert world.value("select count(distinct project_id) from contacts") == 2


def test_a_second_delivery_makes_nobody(any_desk):
    """However it names the writer, the message is here already."""
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    again = make_event(
        any_desk.engine, "text", body="Oi", customer=ANA, addressing=Addressing.LID, message_id=bare_id(event)
    )
    any_desk.takes(event)
    any_desk.takes(again)
    assert any_desk.count("contacts") == any_desk.count("chats") == any_desk.count("messages") == 1


def test_a_second_delivery_may_teach_one_more_name(open_desk):
    desk = open_desk("NOWEB")
    event = make_event("NOWEB", "text", body="Oi", customer=ANA)
    again = make_event("NOWEB", "text", body="Oi", customer=ANA, addressing=BOTH, message_id=bare_id(event))
    for each in (event, again):
        desk.takes(each)
    alone = desk.message(desk.hears("Eu de novo", addressing=Addressing.LID))
    assert alone["contact_id"] == desk.message(bare_id(event))["contact_id"]
    assert desk.count("contacts") == desk.count("chats") == 1


def test_who_was_deleted_comes_back_by_writing(any_desk):
    any_desk.hears()
    any_desk.world.run("update contacts set deleted_at = now()")
    any_desk.hears("Voltei")
    assert any_desk.world.value("select deleted_at from contacts") is None
    assert len(any_desk.world.events("contact.restored")) == 1


def test_who_was_deleted_stays_so_when_an_old_delivery_is_repeated_or_we_write(any_desk):
    event = make_event(any_desk.engine, "text", body="Oi", customer=ANA)
    any_desk.takes(event)
    any_desk.world.run("update contacts set deleted_at = now()")
    any_desk.takes(event)
    any_desk.takes({**event, "id": "evt_01k0000000000000000000again", "event": "message"})
    any_desk.writes("Olá?")
    assert any_desk.world.value("select deleted_at is not null from contacts") is True


def split(desk, *, held=None, minutes_apart=10):
    """Ana as two people, each with a chat, a session and a burst; held sessions are a person's."""
    at = int(desk.world.now().timestamp()) - 3600
    lid = desk.hears("um", addressing=Addressing.LID, timestamp=at)
    phone = desk.hears("dois", timestamp=at + 60 * minutes_apart)
    if held == "lid":
        desk.writes("três", addressing=Addressing.LID, timestamp=at + 60 * minutes_apart + 60)
    assert desk.count("contacts") == desk.count("chats") == 2
    return lid, phone, at + 60 * minutes_apart + 120


@pytest.fixture(params=["GOWS", "NOWEB"])
def telling_desk(request, open_desk):
    """The engines that tell a phone beside a hidden id; bursts may wait no longer than one message does."""
    return open_desk(request.param, debounce_max_wait_ms=15_000)


@pytest.mark.parametrize("held", [None, "lid"])
def test_two_who_are_one_bring_all_that_is_theirs(telling_desk, held):
    desk = telling_desk
    lid, phone, at = split(desk, held=held)
    desk.world.run(
        "insert into contact_events (id, tenant_id, project_id, contact_id, type, occurred_at) "
        "select gen_random_uuid(), tenant_id, project_id, id, 'note', now() from contacts"
    )
    desk.takes(make_event(desk.engine, "text", body="Oi", customer=ANA, group=GROUP, addressing=Addressing.LID))
    ours = desk.writes("Bom dia", group=GROUP)
    desk.acks(ours, 2, group=GROUP, reader=ANA)
    desk.acks(ours, 3, group=GROUP, reader=ANA, addressing=Addressing.LID)
    together = desk.message(desk.hears("quatro", addressing=BOTH, timestamp=at))
    assert desk.count(_LIVING) == 1
    contact_id = desk.world.value("select id from contacts where merged_into_id is null")
    (chat, group) = sorted(living_chats(desk), key=lambda each: each["kind"] == "group")
    assert chat["contact_id"] == contact_id
    messages = [desk.message(each) for each in (lid, phone)] + [together]
    assert {(each["contact_id"], each["chat_id"]) for each in messages} == {(contact_id, chat["id"])}
    sessions = desk.world.rows("select * from sessions where status <> 'merged' and chat_id = :id", id=chat["id"])
    assert [(each["status"], each["contact_id"]) for each in sessions] == [("open", contact_id)]
    assert sessions[0]["held_by"] == ("human" if held else "bot")
    assert {each["session_id"] for each in messages} == {sessions[0]["id"]}
    bursts = desk.world.rows("select * from message_groups where status = 'pending' and chat_id = :id", id=chat["id"])
    assert [each["session_id"] for each in bursts] == [sessions[0]["id"]]
    assert {each["message_group_id"] for each in messages} == {bursts[0]["id"]}
    assert bursts[0]["deadline_at"] <= bursts[0]["latest_deadline_at"]
    people = "select contact_id from {} where contact_id is not null"
    for table in (
        "contact_identities",
        "contact_events",
        "chat_participants",
        "message_receipts",
        "inbound_deliveries",
    ):
        assert {row["contact_id"] for row in desk.world.rows(people.format(table))} == {contact_id}, table
    assert desk.world.rows("select level from message_receipts") == [{"level": 3}]
    assert group["id"] != chat["id"]


def test_two_bursts_that_become_one_wait_no_longer_than_the_first_may(telling_desk):
    desk = telling_desk
    *_, at = split(desk)
    desk.writes("três", addressing=BOTH, timestamp=at)
    (burst,) = desk.world.rows("select * from message_groups where status = 'pending'")
    assert burst["deadline_at"] == burst["latest_deadline_at"]
    (gone,) = desk.world.rows("select * from message_groups where status <> 'pending'")
    assert (gone["status"], gone["outcome"]) == ("completed", "superseded")


def test_an_answer_under_way_is_withdrawn_wherever_the_person_was(telling_desk):
    """A burst of one of the two was being answered; what both said waits for one answer."""
    desk = telling_desk
    lid, phone, at = split(desk)
    desk.world.run(
        "update message_groups set status = 'completed', closed_at = now(), text = 'um' "
        "where id = (select message_group_id from messages where external_id = :id)",
        id=lid,
    )
    together = desk.message(desk.hears("três", addressing=BOTH, timestamp=at))
    older, pending = (desk.message(each)["message_group_id"] for each in (lid, phone))
    assert together["message_group_id"] == pending
    (row,) = desk.world.rows("select outcome, superseded_by_id from message_groups where id = :id", id=older)
    assert row == {"outcome": "superseded", "superseded_by_id": pending}
