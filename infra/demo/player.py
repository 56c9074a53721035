"""Plays the recording to the fake WAHA in compressed time, each conversation at its own pace."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.demo.recording import Clock, Conversation, Step, shift
from infra.demo.stage import Bakery, Waha

LOOK_EVERY = 0.1  # seconds


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How an afternoon becomes a minute: conversations begin `hours` times sooner, pauses in them are cut.

    `think` is what a customer takes after a reply: over a second, as WhatsApp's times are whole seconds.
    """

    hours: float = 480.0
    pauses: float = 10.0
    longest_pause: float = 2.5
    think: float = 1.1
    patience: float = 45.0
    debounce_ms: int = 1500


FAST = Pace(hours=2400.0, pauses=20.0, longest_pause=0.5, debounce_ms=800)


@dataclass(kw_only=True)
class Track:
    """One conversation as one bakery has it, and how far it has been played."""

    bakery: Bakery
    conversation: Conversation
    due: float
    position: int = 0
    waiting_since: float | None = None
    clock: Clock = field(default_factory=Clock)
    sent_at: dict[str, int] = field(default_factory=dict)  # by message id: the Unix second it says it was written
    receipts: dict[str, int] = field(default_factory=dict)  # by message id: the highest level told

    @property
    def step(self) -> Step | None:
        steps = self.conversation.steps
        return steps[self.position] if self.position < len(steps) else None

    def session(self, channel: str = "") -> str:
        return self.bakery.lines[channel or self.conversation.channel].session


@dataclass(kw_only=True)
class Audience:
    """Who is told while it plays; `halfway` is called from the middle on, after each delivery, until it says True."""

    delivered: Callable[[], None]
    tell: Callable[[str], None]
    halfway: Callable[[], bool]


class Player:
    def __init__(self, waha: Waha, bakeries: list[Bakery], recording: list[Conversation], pace: Pace) -> None:
        self._waha, self._pace = waha, pace
        self._began = time.monotonic()
        self._halfway_told = False
        self.played = 0
        self.tracks = [
            Track(bakery=bakery, conversation=each, due=self._began + each.steps[0].offset_seconds / pace.hours)
            for bakery in bakeries
            for each in recording
            if bakery.key in each.tenants
        ]

    @property
    def total(self) -> int:
        return sum(track.conversation.deliveries for track in self.tracks)

    def play(self, audience: Audience) -> None:
        """Play until every conversation has come to its end."""
        while unfinished := [track for track in self.tracks if track.step]:
            sent = self._waha.look("sent")
            for track in unfinished:
                self._advance(track, sent, audience)
            time.sleep(LOOK_EVERY)

    def _advance(self, track: Track, sent: list[dict[str, Any]], audience: Audience) -> None:
        """Play what is due; what waits for a reply waits until there is one, or patience is over."""
        replies = replies_of(track, sent)
        while (step := track.step) and time.monotonic() >= track.due and self._may(track, step, replies, audience):
            self._play(track, step, replies, audience)

    def _may(self, track: Track, step: Step, replies: list[dict[str, Any]], audience: Audience) -> bool:
        if len(replies) >= step.after_replies:
            newest = replies[step.after_replies - 1]["at"] if step.after_replies else 0.0
            return bool(step.ack) or time.time() - newest >= self._pace.think
        track.waiting_since = track.waiting_since or time.monotonic()
        if time.monotonic() - track.waiting_since < self._pace.patience:
            return False
        audience.tell(f"No reply {step.after_replies} came in “{track.conversation.title}”; going on without it.")
        return True

    def _play(self, track: Track, step: Step, replies: list[dict[str, Any]], audience: Audience) -> None:
        track.clock.strike(step.offset_seconds, time.time())
        if step.event:
            self._deliver(track, step, audience)
        elif replies and step.ack:
            self._acknowledge(track, replies[-1]["id"], step.ack)
        track.position, track.waiting_since = track.position + 1, None
        if track.step:
            pause = (track.step.offset_seconds - step.offset_seconds) / self._pace.pauses
            track.due = time.monotonic() + min(pause, self._pace.longest_pause)

    def _deliver(self, track: Track, step: Step, audience: Audience) -> None:
        session = track.session(step.channel)
        event = shift(track.bakery.spell(step.event or {}, session), track.clock.moment)
        if step.message_id:
            track.sent_at.setdefault(step.message_id, event["payload"].get("timestamp"))
        for _ in range(step.repeat):
            self._waha.deliver(session, event)
            self.played += 1
            audience.delivered()
        if not self._halfway_told and self.played * 2 >= self.total:
            self._halfway_told = audience.halfway()

    def _acknowledge(self, track: Track, message_id: str, level: int) -> None:
        self._waha.acknowledge(track.session(), message_id, level)
        track.receipts[message_id] = max(level, track.receipts.get(message_id, level))


def replies_of(track: Track, sent: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What we have sent into the conversation so far, as the fake WAHA took it."""
    session, chats = track.session(), track.conversation.chats
    return [each for each in sent if each["session"] == session and each["chat_id"] in chats and not each["duplicate"]]
