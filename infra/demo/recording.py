"""The recording as it is played: conversations, their steps, and the events shifted to the present."""

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra.demo.script import BEGAN, RECORDING

_SECONDS = {"timestamp", "messageTimestamp", "t"}
_MILLISECONDS_FROM = 10**11
_ISO = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One delivery, or a receipt for our newest reply; held back until we have replied `after_replies` times."""

    offset_seconds: float
    note: str = ""
    channel: str = ""
    message_id: str = ""
    after_replies: int = 0
    repeat: int = 1
    event: dict[str, Any] | None = None
    ack: int | None = None

    @property
    def by_owner(self) -> bool:
        """Whether it is a message of our own, written on the phone."""
        return bool(self.message_id and self.event and self.event["payload"].get("fromMe"))


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`chats` are the addresses our replies may go to; without any, it is no conversation but what happens besides."""

    name: str
    title: str
    channel: str
    tenants: tuple[str, ...]
    customers: tuple[str, ...]
    chats: tuple[str, ...]
    steps: tuple[Step, ...]

    @property
    def deliveries(self) -> int:
        return sum(step.repeat for step in self.steps if step.event)


def load(folder: Path = RECORDING) -> list[Conversation]:
    return [_conversation(json.loads(file.read_text(encoding="utf-8"))) for file in sorted(folder.glob("*.json"))]


def _conversation(told: dict[str, Any]) -> Conversation:
    return Conversation(
        name=told["conversation"],
        title=told["title"],
        channel=told["channel"],
        tenants=tuple(told["tenants"]),
        customers=tuple(told["customers"]),
        chats=tuple(told.get("chats", ())),
        steps=tuple(step for each in told["records"] for step in _steps({"channel": told["channel"], **each})),
    )


def _steps(told: dict[str, Any]) -> list[Step]:
    """One step, or one for each of the receipts that come one after the other."""
    levels = told.pop("acks", None)
    if levels is None:
        return [Step(**told)]
    begins = told.pop("offset_seconds")
    return [Step(**told, ack=level, offset_seconds=begins + number) for number, level in enumerate(levels)]


class Clock:
    """Tells which moment of the playing a moment of the recorded afternoon has become; between two, in proportion."""

    def __init__(self) -> None:
        self._recorded: list[float] = []
        self._played: list[float] = []

    def strike(self, offset_seconds: float, played: float) -> None:
        """Note that this second of the afternoon was played at that moment of the Unix clock."""
        self._recorded.append(BEGAN.timestamp() + offset_seconds)
        self._played.append(played)

    def moment(self, recorded: float) -> float:
        after = bisect_right(self._recorded, recorded)
        if after == len(self._recorded):
            return self._played[-1] + (recorded - self._recorded[-1])
        if after == 0:
            return self._played[0] + (recorded - self._recorded[0])
        known, later = self._recorded[after - 1], self._recorded[after]
        share = (recorded - known) / (later - known)
        return self._played[after - 1] + share * (self._played[after] - self._played[after - 1])


def shift(told: Any, moment: Callable[[float], float], name: str = "") -> Any:
    """The event with all its times moved, in seconds, milliseconds or words as they were."""
    if isinstance(told, dict):
        return {key: shift(value, moment, key) for key, value in told.items()}
    if isinstance(told, list):
        return [shift(value, moment, name) for value in told]
    if isinstance(told, int) and name in _SECONDS:
        return int(moment(told / 1000) * 1000) if told > _MILLISECONDS_FROM else int(moment(told))
    if isinstance(told, str) and _ISO.fullmatch(told):
        moved = datetime.fromtimestamp(int(moment(datetime.fromisoformat(told).timestamp())), UTC)
        return moved.strftime("%Y-%m-%dT%H:%M:%SZ")
    return told
