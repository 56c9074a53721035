"""A small afternoon of which everything is right; tests spoil one thing of it."""

from typing import Any
from uuid import UUID, uuid4

from infra.demo.accounts import Account, Outside
from infra.demo.cast import COMPANIES, NUMBERS
from infra.demo.checks import Evidence
from infra.demo.player import Track
from infra.demo.recording import Conversation
from infra.demo.stage import Bakery, Line

GROUP, CHAT = str(uuid4()), str(uuid4())


def evidence() -> Evidence:
    """One bakery, one conversation of a question, its reply, and a word of the owner's."""
    bakery = _bakery()
    line = bakery.lines["gows"]
    track = Track(bakery=bakery, conversation=_conversation(), due=0.0)
    track.sent_at, track.receipts = {"M1": 100, "M2": 130}, {"R1": 3}
    account = Account(
        bakery=bakery,
        deliveries=[delivery(line, "evt_1", times_received=2), delivery(line, "evt_2", status="unhandled")],
        groups=[{"id": GROUP, "chat_id": CHAT, "status": "completed", "outcome": "replied", "outcome_reason": ""}],
        messages=[
            message(line, "M1", 100),
            message(line, "R1", 110, sender_kind="bot", status="read", text="R$ 45", answers_group_id=GROUP),
            message(line, "M2", 130, sender_kind="phone", status="sent"),
        ],
        relay_ms=[4.0, 8.0, 30.0],
    )
    told = {"session": line.session, "event": "message.any", "finished": True}
    outside = Outside(
        deliveries=[
            {**told, "event_id": "evt_1", "answers": [200]},
            {**told, "event_id": "evt_1", "answers": [0, 200]},
            {**told, "event_id": "evt_2", "answers": [200]},
        ],
        sent=[{"session": line.session, "id": "R1", "text": "R$ 45", "chat_id": "x", "duplicate": False}],
        refused=[],
    )
    return Evidence(accounts=[account], outside=outside, tracks=[track], under_way={})


def delivery(line: Line, key: str, **more: Any) -> dict[str, Any]:
    row = {"channel_id": str(line.channel_id), "delivery_key": key, "event": "message.any", "status": "kept"}
    return {**row, "problem": None, "times_received": 1, **more}


def message(line: Line, external_id: str, at: float, **more: Any) -> dict[str, Any]:
    row = {
        "id": str(uuid4()),
        "channel_id": str(line.channel_id),
        "chat_id": CHAT,
        "external_id": external_id,
        "at": at,
    }
    kind = more.get("sender_kind", "contact")
    told = {"direction": "inbound" if kind == "contact" else "outbound", "sender_kind": "contact", "status": "received"}
    words = {
        "type": "text",
        "text": "oi",
        "seconds": None,
        "file_name": None,
        "file": None,
        "bytes": None,
        "author": "Ana" if kind == "contact" else "",
    }
    return {**row, **told, **words, "answers_group_id": None, "quoted_message_id": None, "read_at": None, **more}


def _bakery() -> Bakery:
    lines = {
        name: Line(channel_id=UUID(int=number), session=f"a-{name}", webhook_url="", hmac_key="")
        for number, name in enumerate(NUMBERS)
    }
    return Bakery(company=COMPANIES[0], tenant_id=uuid4(), email="", password="", api_key="", lines=lines)


def _conversation() -> Conversation:
    return Conversation(
        name="talk", title="Uma conversa", channel="gows", tenants=("a",), customers=(), chats=("x",), steps=()
    )
