import time
from typing import Any
from uuid import uuid4

import pytest

from infra.demo.cast import COMPANIES, NUMBERS
from infra.demo.player import Audience, Pace, Player
from infra.demo.recording import Conversation, Step
from infra.demo.stage import Bakery, Line, Waha
from infra.fakes.waha import FakeWaha
from infra.fakes.waha_events import make_event

PACE = Pace(hours=1e6, pauses=1e6, longest_pause=0.0, think=0.0, patience=0.3)
CHAT = "5511912345678@c.us"


@pytest.fixture
def fake():
    with FakeWaha() as server:
        yield server


@pytest.fixture
def waha(fake):
    controls = Waha(fake.url)
    yield controls
    controls.close()


def bakery(fake: FakeWaha) -> Bakery:
    fake.add_session("s", "GOWS", webhook=None)
    line = Line(channel_id=uuid4(), session="s", webhook_url="", hmac_key="")
    return Bakery(
        company=COMPANIES[0],
        tenant_id=uuid4(),
        email="",
        password="",
        api_key="",
        lines=dict.fromkeys(NUMBERS, line),
    )


def conversation(*steps: Step, **more) -> Conversation:
    told = {"name": "c", "title": "C", "channel": "gows", "tenants": ("a",), "customers": (), "chats": (CHAT,)}
    return Conversation(**{**told, **more}, steps=steps)


class Spectator:
    def __init__(self, fake: FakeWaha) -> None:
        self.fake = fake
        self.delivered: list[tuple[str, dict[str, Any]]] = []
        self.told: list[str] = []
        self.halfway = 0

    def audience(self) -> Audience:
        return Audience(delivered=lambda: None, tell=self.told.append, halfway=self.middle)

    def middle(self) -> bool:
        self.halfway += 1
        return self.halfway == 2


@pytest.fixture
def spectator(fake, monkeypatch) -> Spectator:
    watching = Spectator(fake)
    monkeypatch.setattr(fake, "deliver", lambda session, event: watching.delivered.append((session, event)))
    monkeypatch.setattr(
        fake, "ack", lambda session, of, level, reader=None: watching.delivered.append((session, {"ack": (of, level)}))
    )
    return watching


def text(offset: float, **more) -> Step:
    event = make_event("GOWS", "text", body="oi", message_id=f"ID{offset}", timestamp=1773160200 + int(offset))
    return Step(offset_seconds=offset, event=event, message_id=f"ID{offset}", **more)


def play(waha, fake, spectator, *steps, **more) -> Player:
    player = Player(waha, [bakery(fake)], [conversation(*steps, **more)], PACE)
    player.play(spectator.audience())
    return player


def test_everything_is_delivered_in_order_and_as_often_as_recorded(waha, fake, spectator):
    player = play(waha, fake, spectator, text(1), text(2, repeat=3), text(3))
    ids = [event["payload"]["id"].split("_")[2] for _, event in spectator.delivered]
    assert ids == ["ID1", "ID2", "ID2", "ID2", "ID3"]
    assert player.played == player.total == 5


def test_a_delivery_is_of_now_and_of_the_own_session(waha, fake, spectator):
    began = int(time.time())
    player = play(waha, fake, spectator, text(1))
    session, event = spectator.delivered[0]
    assert (session, event["session"]) == ("s", "s")
    assert began <= event["payload"]["timestamp"] <= time.time()
    assert player.tracks[0].sent_at == {"ID1": event["payload"]["timestamp"]}


def test_what_follows_a_reply_waits_for_it(waha, fake, spectator, monkeypatch):
    replies = [{"session": "s", "chat_id": CHAT, "id": "R1", "at": 0.0, "duplicate": False}]
    looks = iter([[], [], replies])
    monkeypatch.setattr(waha, "look", lambda what: next(looks, replies))
    player = play(
        waha, fake, spectator, text(1), Step(offset_seconds=2, ack=3, after_replies=1), text(3, after_replies=1)
    )
    assert [event.get("ack") for _, event in spectator.delivered] == [None, ("R1", 3), None]
    assert player.tracks[0].receipts == {"R1": 3}
    assert spectator.told == []


def test_patience_ends_and_is_said(waha, fake, spectator):
    play(waha, fake, spectator, text(1, after_replies=1), text(2))
    assert len(spectator.delivered) == 2
    assert spectator.told == ["No reply 1 came in “C”; going on without it."]


def test_the_middle_is_told_until_it_is_taken_note_of(waha, fake, spectator):
    play(waha, fake, spectator, *(text(each) for each in range(1, 9)))
    assert spectator.halfway == 2


def test_only_the_tenants_of_a_conversation_have_it(waha, fake, spectator):
    player = play(waha, fake, spectator, text(1), tenants=("b",))
    assert player.tracks == []
    assert spectator.delivered == []
