"""A merge undone: all is as it was before, and nothing that came since is lost."""

import json
from typing import Any
from uuid import uuid4

import pytest

from infra.fakes.waha_changes import make_reaction
from infra.fakes.waha_events import Addressing, make_ack, make_event
from infra.fakes.waha_signs import make_call, make_chat_label
from tests.support.borders import hidden
from tests.support.shop import ANA

SINCE = 1_790_000_000
PATH = "/api/v1/crm/contacts/{}/unmerge"
GROUP = "120363000000000001@g.us"
# One of each to every message in a chat of a contact's own.
ASKED_FOR = """
with said as (
    select id, tenant_id, project_id, channel_id, chat_id, contact_id, (select user_id from memberships limit 1) as by
    from messages where contact_id is not null
), agent as (
    insert into agents (id, tenant_id, project_id, version, name, kind, user_id)
    select gen_random_uuid(), tenant_id, project_id, 1, 'Rita', 'human', by from said limit 1 returning id
), asked as (
    insert into message_actions (
        id, tenant_id, project_id, version, channel_id, chat_id, contact_id, message_id, kind, status, requested_by,
        requested_at)
    select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, contact_id, id, 'reaction', 'done', by,
        now()
    from said
), put_away as (
    insert into chat_actions (
        id, tenant_id, project_id, version, channel_id, chat_id, contact_id, kind, status, requested_by, requested_at)
    select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, contact_id, 'archive', 'done', by, now()
    from said
)
insert into scheduled_messages (
    id, tenant_id, project_id, version, channel_id, chat_id, contact_id, agent_id, draft, send_at, status)
select gen_random_uuid(), tenant_id, project_id, 1, channel_id, chat_id, contact_id, agent.id,
    '{"type": "text", "text": "Oi"}', now(), 'cancelled'
from said, agent
"""
TABLES = {
    "contacts": "id, name, score, qualification, merged_into_id",
    "contact_identities": "kind, value, contact_id",
    "chats": "id, contact_id, status, merged_into_id",
    "chat_addresses": "address, chat_id",
    "chat_participants": "chat_id, contact_id, role, seen_stamp, left_stamp",
    "chat_labels": "chat_id, label, is_on",
    "sessions": "id, chat_id, contact_id, status, started_at, last_message_at, merged_into_id",
    "messages": "id, chat_id, contact_id, sender_contact_id, session_id, message_group_id, text",
    "message_receipts": "message_id, contact_id, level",
    "message_reactions": "message_id, contact_id, kind, value",
    "message_groups": "id, chat_id, contact_id, session_id",
    "message_actions": "id, chat_id, contact_id",
    "chat_actions": "id, chat_id, contact_id",
    "scheduled_messages": "id, chat_id, contact_id",
    "calls": "id, contact_id",
    "early_events": "external_id, kind, contact_id, key",
    "inbound_deliveries": "id, contact_id",
    "lid_lookups": "id, contact_id",
}


@pytest.fixture
def two(channel, world):
    """Ana has written by her phone and by her hidden id, alone and in a group, in two conversations each."""

    def hear(event):
        assert channel.deliver(event).status_code == 200

    for way, first in ((Addressing.LID, 0), (Addressing.PHONE, 30)):
        for after in (0, 60, 100_000):
            at = SINCE + first + after
            told: dict[str, Any] = {"customer": ANA, "addressing": way, "timestamp": at}
            hear(make_event("GOWS", "text", body=f"{way} {after}", message_id=f"3EB0{way[:5]}{after}", **told))
        hear(make_event("GOWS", "text", body="no grupo", group=GROUP, **told))
        told = {"customer": ANA, "addressing": way, "timestamp": SINCE + first}
        hear(
            make_event("GOWS", "text", body="Nossa", from_me=True, message_id="3EB0OURS", group=GROUP, timestamp=SINCE)
        )
        hear(make_reaction("GOWS", "3EB0OURS", "👍" if way is Addressing.LID else "🎉", group=GROUP, **told))
        hear(make_reaction("GOWS", "3EB0NOTYET", "👍", group=GROUP, **told))
        level = 2 if way is Addressing.LID else 3
        hear(make_ack("GOWS", level, message_id="3EB0OURS", reader=ANA, group=GROUP, addressing=way))
        hear(make_chat_label("GOWS", "added", "6", ANA.address(way), at=SINCE + first))
        hear(make_call("GOWS", "received", caller=ANA, addressing=way, call=f"CALL{way}", at=SINCE + first))
    assert world.value("select count(*) from contacts") == 2
    world.run(ASKED_FOR)
    assert world.value("select count(distinct chat_id) from scheduled_messages") == 2
    return hear


def becomes_one(hear):
    told: dict[str, Any] = {"customer": ANA, "addressing": Addressing.LID_WITH_PHONE, "timestamp": SINCE + 100_100}
    hear(make_event("GOWS", "text", body="uma só", message_id="3EB0ONE", **told))


def picture(world, without=()):
    found = {}
    for table, columns in TABLES.items():
        rows = world.rows(f"select {columns} from {table}")
        found[table] = sorted(json.dumps(row) for row in rows if not any(each in json.dumps(row) for each in without))
    return found


def merge(world):
    (event,) = world.events("contact.merged")
    return event["data"]


def undo(api, tenant, world, **changed):
    told = merge(world)
    body = {"merge_id": told["merge_id"], **changed}
    return api.post(PATH.format(told["survivor_id"]), body, as_=tenant.admin)


def test_all_is_as_it_was_but_for_what_came_since(api, tenant, world, two):
    before = picture(world)
    becomes_one(two)
    assert world.value("select count(*) from contacts where merged_into_id is null") == 1
    assert world.value("select count(*) from chats where status <> 'merged' and kind = 'individual'") == 1
    assert picture(world) != before
    for table in ("message_actions", "chat_actions", "scheduled_messages", "messages"):
        assert world.value(f"select count(distinct contact_id) from {table} where contact_id is not null") == 1
    answer = undo(api, tenant, world)
    assert answer.status_code == 200, answer.text
    assert answer.json["id"] == merge(world)["merged_ids"][0]
    new = {row["id"] for row in world.rows("select id from messages where external_id = '3EB0ONE'")}
    new |= {row["id"] for row in world.rows("select id from inbound_deliveries where message_id is not null")} - {
        json.loads(row)["id"] for row in before["inbound_deliveries"]
    }
    after = picture(world, without=new)
    for table in ("sessions", "message_groups"):
        # The message that came since moved the end of its own conversation.
        names = ("last_message_at", "status")
        after[table], before[table] = (
            sorted(json.dumps({k: v for k, v in json.loads(row).items() if k not in names}) for row in each[table])
            for each in (after, before)
        )
    assert after == before


def test_it_is_told_of_and_versions_rise(api, tenant, world, two):
    becomes_one(two)
    versions = "select id, version from contacts order by id"
    before = world.rows(versions)
    undo(api, tenant, world)
    assert [row["version"] for row in world.rows(versions)] == [row["version"] + 1 for row in before]
    (contact,), (chat,) = world.events("contact.unmerged"), world.events("chat.unmerged")
    told = merge(world)
    assert contact["data"] == {"survivor_id": told["survivor_id"], "restored_ids": told["merged_ids"]}
    assert chat["data"]["restored_id"] != chat["data"]["survivor_id"]


@pytest.mark.parametrize("way", [Addressing.LID, Addressing.PHONE, Addressing.LID_WITH_PHONE])
def test_the_two_stay_two_whatever_is_told(api, tenant, world, two, way):
    becomes_one(two)
    undo(api, tenant, world)
    two(make_event("GOWS", "text", body="de novo", message_id="3EB0AGAIN", customer=ANA, addressing=way))
    assert world.value("select count(*) from contacts where merged_into_id is null") == 2
    (row,) = world.rows(
        "select m.contact_id, m.sender_contact_id, c.contact_id as owner, a.address from messages m "
        "join chats c on c.id = m.chat_id join chat_addresses a on a.chat_id = c.id where external_id = '3EB0AGAIN'"
    )[:1]
    assert row["contact_id"] == row["sender_contact_id"] == row["owner"]


def test_each_chat_has_one_open_conversation_at_most(api, tenant, world, two):
    becomes_one(two)
    two(make_event("GOWS", "text", body="agora", customer=ANA, addressing=Addressing.LID_WITH_PHONE))
    undo(api, tenant, world)
    opened = world.rows("select chat_id from sessions where status = 'open'")
    assert len(opened) == len({row["chat_id"] for row in opened})
    strayed = """
        select count(*) from messages m join sessions s on s.id = m.session_id
        where s.chat_id <> m.chat_id or s.status = 'merged'
          or m.sent_at not between s.started_at and s.last_message_at"""
    assert world.value(strayed) == 0


def test_a_name_and_a_judgement_that_came_from_the_other_go_back(api, tenant, world, channel):
    def hear(event):
        assert channel.deliver(event).status_code == 200

    hear(make_event("GOWS", "text", body="Oi", customer=ANA, addressing=Addressing.LID))
    world.run("update contacts set name = ''")
    hear(make_event("GOWS", "text", body="Oi", customer=ANA))
    other = world.value("select id from contacts order by id desc limit 1")
    assert api.post(f"/api/v1/crm/contacts/{other}/qualify", {"score": 70}, as_=tenant.agent).status_code == 200
    becomes_one(hear)
    survivor = merge(world)["survivor_id"]
    assert world.value("select score from contacts where id = :id", id=survivor) == 70
    undo(api, tenant, world)
    facts = world.rows("select name, score, qualification from contacts order by id")
    assert facts == [
        {"name": "", "score": 0, "qualification": None},
        {"name": "Ana", "score": 70, "qualification": "qualified"},
    ]


def test_what_was_undone_is_not_undone_again(api, tenant, world, two):
    becomes_one(two)
    assert undo(api, tenant, world).status_code == 200
    again = undo(api, tenant, world)
    assert (again.status_code, again.json["error"]["code"]) == (409, "undone_before")


def test_what_came_later_is_undone_first(api, tenant, world, two):
    becomes_one(two)
    elder = uuid4()
    world.run(
        "insert into contacts (id, tenant_id, project_id, version, source) "
        "select :elder, tenant_id, project_id, 1, 'api' from contacts limit 1",
        elder=elder,
    )
    world.run("update contacts set merged_into_id = :elder where id = :id", elder=elder, id=merge(world)["survivor_id"])
    refused = undo(api, tenant, world)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "merged_since")


def test_a_merge_of_others_is_not_found(api, tenant, other_tenant, world, two):
    becomes_one(two)
    told = merge(world)
    assert undo(api, tenant, world, merge_id=str(uuid4())).status_code == 404
    assert hidden(api, other_tenant.admin, "POST", PATH, told["survivor_id"], json={"merge_id": told["merge_id"]})


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_who_may_not(api, tenant, role):
    answer = api.post(PATH.format(uuid4()), {"merge_id": str(uuid4())}, as_=getattr(tenant, role))
    assert answer.status_code == 403
