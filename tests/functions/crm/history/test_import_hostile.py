"""Pages as no server should tell them: what can be read is here, the rest is kept and counted, and the run ends."""

import json

import pytest

from infra.fakes.waha_events import make_event
from shared.providers.waha import client
from tests.functions.crm.history.conftest import DAY
from tests.support.shop import ANA

BAD = {
    "broken letters": (b'{"id": "\xff\xfe", "body": "x"}', 1),
    "nested deeply": (b'{"a":' * 5000 + b"1" + b"}" * 5000, 1),
    "nested less deeply": (b'{"_data":' * 600 + b"1" + b"}" * 600, 1),
    "no object": (b'"text"', 1),
    "an endless number": (b'{"id": {}, "timestamp": ' + b"9" * 5000 + b"}", 1),
    "no json": (b'{"id": 01}', 1),
    "nothing": (b"null", 1),
}


@pytest.fixture
def tells(small, monkeypatch):
    """From now on the server tells such rows beside a chat's own, in the bytes that are given."""

    def tell(*rows):
        small.keeps("antes", 3 * DAY)
        small.keeps("depois", 2 * DAY)

        known = client._answer

        def answered(response):
            if b"depois" not in response.content:
                return known(response)
            own = response.content.strip()[1:-1]
            response._content = b"[" + b",".join([*rows, own, *rows[:1]]) + b"]"
            return known(response)

        monkeypatch.setattr(client, "_answer", answered)
        return small

    return tell


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_row_costs_its_chat_nothing_but_itself(tells, world, bad):
    row, unread = BAD[bad]
    status = tells(row).fetches()
    assert (status["status"], status["chats_failed"], status["added"]) == ("completed", 0, 2)
    assert status["unread"] == 2 * unread  # told twice
    kept = world.rows("select status, problem from inbound_deliveries where event = 'message.any'")
    assert {each["status"] for each in kept} == {"failed"}
    assert len(kept) == 1


ODD = [
    None, True, -1, 0, 1.5, 2**31, 2**63 - 1, 2**63, -(2**63), 10**300, float("inf"), "", "\0", "\ud800", "\ufffe",
    "x" * 100_000, "9" * 20, "1e999", "@", "a@b", "\0@c.us", "0@c.us", [], {}, [None], {"low": -1, "high": -1},
    "http://[", "https://files.example/" + "x" * 5000, "BEGIN:VCARD\0", "true__", "_serialized",
]  # fmt: skip


def paths(value, path=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from paths(inner, (*path, name))


@pytest.mark.parametrize("kind", ["text", "image", "document", "location", "contact"])
def test_whatever_a_row_says_the_run_ends(tells, world, kind):
    """Each field of a message, one at a time, says each odd thing: all of it in one page, and all through Postgres."""
    at = int(world.now().timestamp()) - 2 * DAY - 60
    rows: list[bytes] = []
    for path in paths(make_event("GOWS", kind, body="oi", customer=ANA)["payload"]):
        for odd in ODD:
            number = len(rows)
            told = make_event("GOWS", kind, body="oi", customer=ANA, message_id=f"ODD{number}", timestamp=at)
            inner = told["payload"]
            for name in path[:-1]:
                inner = inner[name]
            inner[path[-1]] = odd
            rows.append(json.dumps(told["payload"]).encode())
    status = tells(*rows).fetches()
    assert (status["status"], status["chats_failed"]) == ("completed", 0)
    assert status["read"] + status["unread"] >= len(rows) / 2
