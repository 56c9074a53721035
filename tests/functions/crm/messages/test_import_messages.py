"""Old messages that a caller gives are here once, at their own time, and nobody is answered for them."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from infra.fakes.waha_events import Said, envelope, payload
from infra.fakes.waha_history import Archive, Kept
from shared.crm.history.store import HistoryRuns
from tests.functions.crm.messages.paced import brakes, check, forbid
from tests.support.shop import ANA, SESSION, open_shop

PATH = "/api/v1/crm/messages/import"
PHONE = f"+{ANA.phone}"
HOUR, DAY = 3600, 86_400


@pytest.fixture(params=["GOWS"])
def shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param) as opened:
        yield opened


@pytest.fixture
def old(world):
    """A message as it is given, written so many seconds ago."""
    now = world.now()

    def make(id="ID1", ago=5 * DAY, **said):
        at = (now - timedelta(seconds=ago)).isoformat()
        told = {"external_id": id, "phone": PHONE, "direction": "inbound", "sent_at": at, "text": f"texto {id}"}
        return {**told, **said}

    return make


@pytest.fixture
def gives(shop):
    """Gives messages to the shop's channel; the answer."""

    def give(*messages, status=200, as_=None, **more):
        body = {"channel_id": str(shop.channel.id), "messages": messages, **more}
        answer = shop.api.post(PATH, body, as_=as_ or shop.tenant.admin)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    return give


def count(world, what):
    return int(world.value(f"select count(*) from {what}"))


def outcomes(answer):
    return [each["outcome"] for each in answer["results"]]


def test_they_are_kept_with_their_own_times_directions_and_people(gives, old, world, shop):
    told = [
        old("A", 5 * DAY, name="Ana"),
        old("B", 5 * DAY - 60, direction="outbound", status="read", reply_to="A"),
        old("C", 2 * DAY, phone="+551187654321"),
    ]
    answer = gives(*told)
    assert (answer["created"], answer["present"], answer["refused"]) == (3, 0, 0)
    rows = world.rows("select * from messages order by sent_at")
    assert [row["external_id"] for row in rows] == ["A", "B", "C"]
    assert [row["direction"] for row in rows] == ["inbound", "outbound", "inbound"]
    assert [row["status"] for row in rows] == ["received", "read", "received"]
    assert [str(row["id"]) for row in rows] == [each["message_id"] for each in answer["results"]]
    assert [datetime.fromisoformat(row["sent_at"]) for row in rows] == [
        datetime.fromisoformat(each["sent_at"]) for each in told
    ]
    assert rows[1]["quoted_message_id"] == rows[0]["id"]
    assert rows[1]["agent_id"] == str(shop.channel.agent_id)
    assert len({row["chat_id"] for row in rows}) == count(world, "chats") == 1
    assert rows[0]["session_id"] == rows[1]["session_id"] != rows[2]["session_id"]
    assert world.rows("select name, source from contacts") == [{"name": "Ana", "source": "import"}]
    assert world.rows("select status from sessions") == [{"status": "closed"}] * 2


def test_nobody_is_answered_or_notified_and_one_event_tells_of_a_chat(gives, old, world, shop):
    answer = gives(old("A"), old("B", 4 * DAY, direction="outbound"), old("C", phone="+5511900000009"))
    world.drain(timers=True)
    assert count(world, "message_groups") == count(world, "ai_runs") == 0
    assert shop.sent == []
    told = {event["event_type"] for event in world.events()}
    assert {name for name in told if name.startswith(("message.", "session."))} == {"message.imported"}
    pages = [event["data"] for event in world.events("message.imported")]
    assert sorted(len(page["message_ids"]) for page in pages) == [1, 2]
    assert {page["run_id"] for page in pages} == {answer["run_id"]}
    assert "texto" not in json.dumps(world.events())


def test_given_again_they_change_nothing(gives, old, world):
    told = [old(f"ID{number}", 5 * DAY - number) for number in range(20)]
    first = gives(*told)
    before = {
        table: world.rows(f"select * from {table} order by 1, 2") for table in ("messages", "sessions", "contacts")
    }
    events = len(world.events())
    again = gives(*reversed(told))
    assert outcomes(again) == ["present"] * 20
    assert again["run_id"] is None
    assert sorted(each["message_id"] for each in again["results"]) == sorted(
        each["message_id"] for each in first["results"]
    )
    assert {table: world.rows(f"select * from {table} order by 1, 2") for table in before} == before
    assert len(world.events()) == events
    assert count(world, "history_runs") == 1


def test_by_many_at_once_each_is_kept_once(gives, old, world):
    told = [old(f"ID{number}", 5 * DAY - number * HOUR, phone=f"+55119000000{number % 7:02}") for number in range(42)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda turn: gives(*told[turn:], *told[:turn]), range(6)))
    assert sum(each["created"] for each in answers) == 42
    assert sum(each["present"] for each in answers) == 5 * 42
    assert count(world, "messages") == 42
    assert count(world, "contacts") == count(world, "chats") == 7
    assert sum(len(event["data"]["message_ids"]) for event in world.events("message.imported")) == 42


def test_what_is_delivered_meanwhile_is_kept_once(gives, old, world, shop):
    now = int(world.now().timestamp())
    said = [
        Said(body=f"m{each}", customer=ANA, message_id=f"3EB0{each:02}", timestamp=now - DAY + each)
        for each in range(12)
    ]
    live = [envelope("GOWS", "message.any", SESSION, payload("GOWS", each)) for each in said]
    told = [old(each.message_id, DAY - number) for number, each in enumerate(said)]

    def deliver(event):
        return shop.channel.deliver(event).status_code

    with ThreadPoolExecutor(6) as pool:
        given = [pool.submit(gives, *told) for _ in range(2)]
        assert set(pool.map(deliver, live)) == {200}
        assert all(len(each.result()["results"]) == 12 for each in given)
    assert count(world, "messages") == 12
    assert count(world, "contacts") == count(world, "chats") == 1
    assert count(world, "sessions where status <> 'merged'") == 1


def test_an_import_of_the_same_ids_finds_them_here(gives, old, world, shop, tenant):
    now = int(world.now().timestamp())
    archive = Archive("GOWS")
    for number in range(10):
        said = Said(
            kind="text", body=f"m{number}", customer=ANA, message_id=f"3EB0{number:02}", timestamp=now - DAY + number
        )
        archive.add(Kept(said=said, ack=2))
    shop.waha.archives[SESSION] = archive
    gives(*[old(f"false_{ANA.phone}@c.us_3EB0{number:02}", DAY - number) for number in range(5)])
    path = f"/api/v1/crm/channels/{shop.channel.id}"
    assert shop.api.post(f"{path}/import-history", as_=tenant.admin).status_code == 202
    gives(*[old(f"3EB0{number:02}", DAY - number) for number in range(3, 8)])
    world.drain(until=timedelta(hours=1))
    status = shop.api.get(f"{path}/import-status", as_=tenant.viewer).get_json()
    assert (status["kind"], status["status"], status["added"], status["known"]) == ("import", "completed", 2, 8)
    assert count(world, "messages") == 10
    assert count(world, "chats where status <> 'merged'") == 1


def test_one_that_cannot_be_is_refused_and_the_others_are_kept(gives, old, world):
    told = {
        "bad_time": old("A", 11 * 365 * DAY),
        "too_new": old("B", 60),
        "bad_phone": old("C", phone="12"),
        "no_content": old("D", text=None),
        "wrong_type": old("E", media={"url": "https://example.com/a.jpg"}),
        "url_not_https": old("F", type="image", media={"url": "http://example.com/a.jpg"}),
        "url_address": old("G", type="image", media={"url": "https://10.0.0.1/a.jpg"}),
    }
    future = old("H", -DAY)
    answer = gives(*told.values(), future, old("OK"))
    assert [each["code"] for each in answer["results"]] == [*told, "bad_time", None]
    assert all(each["reason"] for each in answer["results"][:-1])
    assert (answer["created"], answer["refused"]) == (1, 8)
    assert count(world, "messages") == 1


def test_a_file_of_the_channels_own_server_is_not_asked_for_with_its_key(gives, old, shop, world):
    url = f"{world.value('select base_url from channels')}/api/sessions"
    answer = gives(old("A", type="document", media={"url": url}))
    assert [each["code"] for each in answer["results"]] == ["url_of_channel"]


def test_only_refused_ones_leave_nothing_behind(gives, old, world):
    answer = gives(old("A", 60))
    assert (answer["run_id"], answer["refused"]) == (None, 1)
    assert count(world, "contacts") == count(world, "chats") == count(world, "history_runs") == 0


@pytest.mark.parametrize(("media", "fetched"), [(False, 0), (True, 1)])
def test_files_are_kept_by_where_they_lie_and_fetched_if_that_is_wanted(gives, old, world, media, fetched):
    file = {"url": "https://files.example.com/a.jpg", "mimetype": "image/jpeg", "file_name": "a.jpg", "size_bytes": 9}
    gives(old("A", type="image", text=None, media=file), old("B", type="voice", text=None, media={}), media=media)
    rows = world.rows("select media from messages order by external_id")
    assert rows[0]["media"]["url"] == file["url"]
    assert (rows[1]["media"]["url"], rows[1]["media"]["missing_reason"]) == (None, "absent")
    world.drain()
    assert count(world, "media_files where priority = 'import' and told_bytes = 9") == fetched


def test_a_chat_that_is_known_is_written_to_at_its_own_address(gives, old, world, shop):
    shop.hears("oi")
    before = world.rows("select address from chat_addresses order by 1")
    answer = gives(old("A", phone="+551187654321"))
    assert outcomes(answer) == ["created"]
    assert count(world, "chats") == count(world, "contacts") == 1
    assert world.rows("select address from chat_addresses order by 1") == before


def test_one_given_twice_in_a_call_is_created_once(gives, old):
    answer = gives(old("A"), old("A"), old(f"true_{ANA.phone}@c.us_B"), old("B"))
    assert outcomes(answer) == ["created", "present", "created", "present"]


def test_two_phones_of_one_contact_cut_its_sessions_together(gives, old, world, shop, api, tenant):
    contact = api.post("/api/v1/crm/contacts", {"phone": PHONE}, as_=tenant.agent).get_json()["id"]
    world.run(
        "insert into contact_identities (tenant_id, project_id, kind, issuer, value, contact_id, is_variant) select "
        "tenant_id, project_id, 'phone', '', '+5511900000009', id, false from contacts where id = :id",
        id=contact,
    )
    answer = gives(old("A", HOUR), old("B", HOUR - 60, phone="+5511900000009"))
    assert outcomes(answer) == ["created"] * 2
    assert count(world, "chats") == count(world, "contacts") == count(world, "sessions") == 1


def test_under_a_key_it_answers_the_same_again(old, shop, world):
    body = {"channel_id": str(shop.channel.id), "messages": [old("A")]}
    headers = {"Idempotency-Key": "migration-1"}
    first, again = (shop.api.post(PATH, body, as_=shop.tenant.admin, headers=headers) for _ in range(2))
    assert first.get_json() == again.get_json()
    assert outcomes(again.get_json()) == ["created"]
    assert count(world, "messages") == 1


def test_what_breaks_off_leaves_nothing_and_can_be_done_again(gives, old, world, monkeypatch):
    def killed(*_):
        raise RuntimeError("killed")

    with monkeypatch.context() as broken:
        broken.setattr(HistoryRuns, "add", killed)
        gives(old("A"), status=500)
    for table in ("messages", "contacts", "chats", "sessions", "history_runs"):
        assert count(world, table) == 0
    assert outcomes(gives(old("A"))) == ["created"]


def test_it_is_no_import_of_the_channels_own_past(gives, old, world, shop, tenant):
    gives(old("A"))
    status = shop.api.get(f"/api/v1/crm/channels/{shop.channel.id}/import-status", as_=tenant.viewer)
    assert status.status_code == 404
    assert count(world, "history_days") == 0
    assert count(world, "history_runs where kind = 'given' and status = 'completed'") == 1


@pytest.mark.parametrize("shop", ["WEBJS"], indirect=True)
def test_it_does_not_say_what_became_of_a_send_of_ours(gives, old, world, shop):
    """Whoever gives it does not know by which ids the provider has our messages."""
    shop.hears("oi")
    message_id = str(shop.says("Bom dia!"))
    world.run(
        "update messages set status = 'unknown', claimed_at = now() - interval '2 hours' where id = :id", id=message_id
    )
    answer = gives(old("CRM-7", 2 * HOUR, direction="outbound", text="Bom dia!"))
    assert outcomes(answer) == ["created"]
    assert world.rows("select id, status, external_id from messages where status = 'unknown'") == [
        {"id": message_id, "status": "unknown", "external_id": None}
    ]


THERE = "551187654321@c.us"  # where WhatsApp has Ana's number, without the ninth digit


@pytest.fixture
def session(shop):
    return shop.waha.state.sessions[SESSION]


def writes(shop):
    """A colleague writes to Ana, for the first time from here."""
    body = {"contact_id": shop.world.value("select id from contacts"), "channel_id": str(shop.channel.id)}
    answer = shop.api.post("/api/v1/crm/messages", body | {"text": "Olá!"}, as_=shop.tenant.agent)
    assert answer.status_code == 201, answer.text
    shop.world.drain()
    return shop.message(id=answer.get_json()["id"])


def kinds(world):
    return [row["sender_kind"] for row in world.rows("select sender_kind from messages order by sent_at, id")]


def talked(old):
    return [old("A", 5 * DAY), old("B", 4 * DAY, direction="outbound", status="read")]


def test_whom_only_another_system_knows_is_looked_for_before_the_first_message(gives, old, world, shop, session):
    session.numbers[ANA.phone] = THERE
    gives(*talked(old))
    assert kinds(world) == ["import", "import"]
    assert writes(shop)["status"] == writes(shop)["status"] == "sent"
    assert (session.checks, [each.chat_id for each in shop.waha.whatsapp]) == ([ANA.phone], [THERE, THERE])
    assert count(world, "chats where status <> 'merged'") == 1


def test_to_write_to_them_first_is_to_begin_a_chat(gives, old, world, shop, session):
    gives(*talked(old))
    forbid(session)
    check(shop)
    assert writes(shop)["status"] == "queued"
    assert (brakes(shop), session.checks) == (["reachout_timelock"], [])


def test_what_the_provider_tells_of_as_well_has_begun(gives, old, world, shop, session, tenant):
    now = int(world.now().timestamp())
    archive = Archive("GOWS")
    archive.add(Kept(said=Said(body="oi", customer=ANA, message_id="A", timestamp=now - 5 * DAY), ack=2))
    shop.waha.archives[SESSION] = archive
    gives(*talked(old))
    path = f"/api/v1/crm/channels/{shop.channel.id}/import-history"
    assert shop.api.post(path, as_=tenant.admin).status_code == 202
    world.drain(until=timedelta(hours=1))
    gives(*talked(old))
    assert kinds(world) == ["contact", "import"]
    assert (writes(shop)["status"], session.checks) == ("sent", [])


def test_what_is_delivered_as_well_has_begun(gives, old, world, shop, session):
    now = int(world.now().timestamp())
    said = Said(body="oi", customer=ANA, message_id="A", timestamp=now - HOUR, from_me=True)
    gives(old("A", HOUR, direction="outbound"))
    assert shop.channel.deliver(envelope("GOWS", "message.any", SESSION, payload("GOWS", said))).status_code == 200
    assert kinds(world) == ["phone"]
    assert (writes(shop)["status"], session.checks) == ("sent", [])


def test_another_tenants_channel_is_none(api, old, shop, other_tenant):
    body = {"channel_id": str(shop.channel.id), "messages": [old()]}
    assert api.post(PATH, body, as_=other_tenant.admin).status_code == 404


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_imports(gives, old, tenant, role):
    gives(old(), status=403, as_=getattr(tenant, role))


@pytest.mark.parametrize(
    "wrong",
    [
        {"external_id": ""},
        {"external_id": "a b"},
        {"direction": "sideways"},
        {"sent_at": "2026-01-31T12:00:00"},
        {"type": "poll"},
        {"colour": "blue"},
        {"text": 7},
        {"status": "queued"},
    ],
)
def test_what_is_no_message_is_refused_whole(gives, old, world, wrong):
    gives(old("A"), old("B", **wrong), status=422)
    assert count(world, "messages") == 0


def test_at_most_so_many_come_at_once(gives, old):
    gives(*[old(f"ID{number}") for number in range(501)], status=422)
    gives(status=422)
    answer = gives(*[old(f"ID{number}", 5 * DAY + number) for number in range(500)])
    assert answer["created"] == 500
