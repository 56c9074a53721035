"""Hidden ids whose phone becomes known late."""

import pytest

from infra.fakes.waha_events import Addressing
from infra.fakes.waha_signs import make_participants
from shared.crm.contacts.tasks import LookUpLid
from shared.providers.waha.client import NotNow, Unknown, Waha
from tests.support.calls import give, tick
from tests.support.shop import ANA, SESSION, open_shop

MINUTE, DAY = 60, 24 * 60 * 60
GROUP = "120363000000000001@g.us"


@pytest.fixture(params=["GOWS", "NOWEB", "WEBJS"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param, bot=False) as shop:
        yield shop


def phones(shop):
    return shop.waha.archive(SESSION).phones


def looks(shop, after=0):
    shop.world.advance(after)
    assert tick("sweep_lids") == 204
    shop.world.drain()


def living(shop, table="contacts"):
    where = "merged_into_id is null"
    return shop.world.rows(f"select * from {table} where {where} order by id")


def test_a_phone_that_becomes_known_late_makes_one_of_two_contacts_and_chats(shop):
    shop.hears("Oi, sou eu", addressing=Addressing.LID)
    shop.world.advance(MINUTE)
    shop.hears("Alguém?", addressing=Addressing.PHONE)
    looks(shop)
    assert (len(living(shop)), len(living(shop, "chats"))) == (2, 2)
    phones(shop)[ANA.lid] = ANA.phone
    looks(shop, after=DAY)
    assert (len(living(shop)), len(living(shop, "chats")), len(living(shop, "sessions"))) == (1, 1, 1)
    assert [len(shop.world.events(f"{what}.merged")) for what in ("contact", "chat", "session")] == [1, 1, 1]
    assert shop.world.value("select count(*) from lid_lookups") == 0
    shop.hears("Agora sim", addressing=Addressing.LID)
    assert len({row["contact_id"] for row in shop.world.rows("select contact_id from messages")}) == 1


def test_whoever_is_alone_is_then_known_by_both(shop):
    shop.hears("Oi", addressing=Addressing.LID)
    phones(shop)[ANA.lid] = ANA.phone
    looks(shop, after=1)
    known = shop.world.rows("select kind, value from contact_identities where not is_variant order by kind")
    assert known == [{"kind": "lid", "value": ANA.lid}, {"kind": "phone", "value": f"+{ANA.phone}"}]
    assert shop.world.events("contact.merged") == []
    assert [event["data"]["kind"] for event in shop.world.events("contact.identity_linked")] == ["lid", "phone"]


def test_it_is_asked_again_with_longer_and_longer_pauses_and_then_no_more(shop):
    shop.hears("Oi", addressing=Addressing.LID)
    asked = []
    for _ in range(30):
        looks(shop, after=DAY + 1)
        asked.append(shop.world.value("select attempts from lid_lookups"))
    assert asked[:3] == [1, 2, 3]
    assert asked[-1] == asked[-5] == 18
    assert shop.world.value("select next_at from lid_lookups") is None
    assert len(living(shop)) == 1


def test_a_payload_that_shows_the_phone_meanwhile_ends_the_asking(shop):
    shop.hears("Oi", addressing=Addressing.LID)
    shop.hears("Oi!", addressing=Addressing.LID_WITH_PHONE)
    looks(shop, after=1)
    # The payloads of WEBJS never show both.
    assert shop.world.value("select count(*) from lid_lookups") == (shop.engine == "WEBJS")


KEEPING = {
    "inactive": ("update channels set status = 'inactive'", "update channels set status = 'active'"),
    "away": ("update channels set base_url = 'http://127.0.0.1:9'", "update channels set base_url = :url"),
}


@pytest.mark.parametrize("why", KEEPING)
def test_while_nobody_can_be_asked_that_costs_no_attempt(shop, why):
    shop.hears("Oi", addressing=Addressing.LID)
    url = shop.world.value("select base_url from channels")
    begins, ends = KEEPING[why]
    shop.world.run(begins)
    for _ in range(20):
        looks(shop, after=DAY + 1)
    assert shop.world.value("select attempts from lid_lookups") == 0
    shop.world.run(ends, **({"url": url} if why == "away" else {}))
    phones(shop)[ANA.lid] = ANA.phone
    looks(shop, after=DAY + 1)
    assert shop.world.value("select count(*) from lid_lookups") == 0


@pytest.mark.parametrize("why", KEEPING)
def test_while_nobody_can_be_asked_it_is_tried_less_and_less_often(shop, why):
    shop.hears("Oi", addressing=Addressing.LID)
    shop.world.run(KEEPING[why][0])
    tries = []
    for pause in (MINUTE, 60 * MINUTE, DAY, 10 * DAY):
        looks(shop, after=pause)
        tries.append(shop.world.value("select extract(epoch from next_at - clock_timestamp())::int from lid_lookups"))
    assert tries == sorted(tries)
    assert (tries[0] <= 2 * MINUTE, 10 * MINUTE < tries[1] < 20 * MINUTE, tries[-1] > 0.99 * DAY) == (True,) * 3
    looks(shop)
    assert shop.world.value("select extract(epoch from next_at - clock_timestamp())::int from lid_lookups") <= tries[-1]


def test_a_session_that_is_just_starting_is_not_asked_in_vain(shop, monkeypatch):
    shop.hears("Oi", addressing=Addressing.LID)

    def refuse(*_):
        raise NotNow(422, "not_acceptable", "not now")

    monkeypatch.setattr(Waha, "phone_behind", refuse)
    looks(shop, after=1)
    assert shop.world.value("select attempts from lid_lookups") == 0


def test_an_answer_that_cannot_be_read_counts(shop, monkeypatch):
    shop.hears("Oi", addressing=Addressing.LID)

    def fail(*_):
        raise Unknown("WAHA's answer cannot be read.")

    monkeypatch.setattr(Waha, "phone_behind", fail)
    looks(shop, after=1)
    assert shop.world.value("select attempts from lid_lookups") == 1


def test_a_task_that_comes_twice_asks_once(shop):
    shop.hears("Oi", addressing=Addressing.LID)
    lookup = shop.world.value("select id from lid_lookups")
    assert [give(shop.tenant.tenant_id, LookUpLid(lookup_id=lookup)) for _ in range(3)] == [204] * 3
    assert shop.world.value("select attempts from lid_lookups") == 1


def test_members_of_groups_are_asked_for_too(shop):
    event = make_participants(shop.engine, "join", GROUP, [ANA], addressing=Addressing.LID, session=SESSION)
    assert shop.channel.deliver(event).status_code == 200
    phones(shop)[ANA.lid] = ANA.phone
    looks(shop, after=1)
    assert shop.world.value("select count(*) from contact_identities where kind = 'phone' and not is_variant") == 1
