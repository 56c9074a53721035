"""Makes the recording: `python -m infra.demo.script` writes recording/*.json anew, always the same."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypedDict, Unpack

from infra.demo.cast import NUMBERS
from infra.fakes.waha_events import CROCKFORD, Addressing, Party, envelope, make_ack, make_event, make_status

RECORDING = Path(__file__).with_name("recording")
BEGAN = datetime.fromisoformat("2026-03-10T13:30:00-03:00")


class Manner(TypedDict, total=False):
    """How a message is delivered: as which event, as both, how many seconds late, how often, after how many replies."""

    event: str
    beside: bool
    late: int
    reply_to: str
    repeat: int
    replies: int
    message_id: str


class Scribe:
    """Writes down one conversation, delivery after delivery; every method moves the clock and returns the Scribe.

    Seconds are those of the recorded afternoon. `replies` holds a delivery back until the bot has replied that often.
    """

    def __init__(self, name: str, title: str, channel: str, clock: str, *, tenants: str = "ab", **told: Any) -> None:
        began = datetime.combine(BEGAN.date(), datetime.strptime(clock, "%H:%M").time(), BEGAN.tzinfo)  # noqa: DTZ007 - combined with a zone
        self.name, self.channel, self.engine = name, channel, channel.upper()
        self.offset = int((began - BEGAN).total_seconds())
        self.head = {"conversation": name, "title": title, "channel": channel, "tenants": list(tenants), **told}
        self.customers: set[str] = set()
        self.records: list[dict[str, Any]] = []
        self.customer: Party | None = None
        self.group: str | None = None
        self.addressing = Addressing.PHONE
        self._random = random.Random(name)  # noqa: S311 - made up ids, the same each time

    def of(self, customer: Party, addressing: Addressing = Addressing.PHONE, group: str | None = None) -> Self:
        """Go on with this customer, spoken of in this way."""
        self.customer, self.addressing, self.group = customer, addressing, group
        self.customers.add(customer.phone)
        return self

    @property
    def now(self) -> int:
        return int(BEGAN.timestamp()) + self.offset

    @property
    def last_id(self) -> str:
        """The bare id of the message written down last."""
        told: str = next(each["message_id"] for each in reversed(self.records) if "message_id" in each)
        return told

    def says(
        self, body: str | None, after: int = 4, *, kind: str = "text", note: str = "", **more: Unpack[Manner]
    ) -> Self:
        """The customer writes."""
        return self._message(body, after, kind, note, from_me=False, **more)

    def owner(
        self, body: str | None, after: int = 20, *, kind: str = "text", note: str = "", **more: Unpack[Manner]
    ) -> Self:
        """The owner writes, on the phone."""
        return self._message(body, after, kind, note or "written on the phone", from_me=True, **more)

    def _message(
        self, body: str | None, after: int, kind: str, note: str, *, from_me: bool, **more: Unpack[Manner]
    ) -> Self:
        self.offset += after
        event, message_id = more.get("event", "message.any"), more.get("message_id") or self._id()
        told = self._told(from_me=from_me, message_id=message_id, timestamp=self.now - more.get("late", 0))
        spoken: dict[str, Any] = {"body": body, "reply_to": more.get("reply_to"), "source": "app"}
        written = make_event(self.engine, kind, event=event, **spoken, **told)
        kept = {"after_replies": more.get("replies"), "repeat": more.get("repeat")}
        self._record(written, note, message_id=message_id, **kept)
        if more.get("beside"):
            other = "message" if event == "message.any" else "message.any"
            self._record({**written, "event": other}, f"the same, as {other}", message_id=message_id)
        return self

    def receipt(
        self,
        level: int,
        after: int = 2,
        *,
        of: str,
        reader: Party | None = None,
        mine: bool = True,
        body: str | None = None,
        note: str = "",
        **more: Unpack[Manner],
    ) -> Self:
        """A receipt of the message with the bare id `of`; not `mine`: it tells that we read the customer's."""
        self.offset += after
        told = self._told(from_me=mine, message_id=of, timestamp=self.now)
        told["addressing"] = Addressing.LID if self.addressing is Addressing.LID_WITH_PHONE else self.addressing
        written = make_ack(self.engine, level, reader=reader, source="app", body=body, **told)
        kept = {"after_replies": more.get("replies"), "repeat": more.get("repeat")}
        return self._record(written, note or f"receipt {level}", **kept)

    def acks(self, *levels: int, replies: int, after: int = 3, note: str = "receipts of the reply") -> Self:
        """Let the provider tell how far the bot's newest reply has come, once there are so many."""
        self.offset += after
        self.records.append(
            {"offset_seconds": self.offset, "note": note, "after_replies": replies, "acks": list(levels)}
        )
        return self

    def event(self, event: str, told: dict[str, Any], note: str, after: int = 30, **more: Any) -> Self:
        """Any other event, as its payload."""
        self.offset += after
        written = envelope(self.engine, event, self.channel, told, me=NUMBERS[self.channel], at=self.now * 1000)
        return self._record(written, note, **more)

    def status(self, status: str, after: int = 1) -> Self:
        self.offset += after
        me = NUMBERS[self.channel]
        return self._record(make_status(self.engine, status, session=self.channel, me=me, at=self.now * 1000), status)

    def on(self, channel: str) -> Self:
        """Go on upon another channel."""
        self.channel, self.engine = channel, channel.upper()
        return self

    def _told(self, **more: Any) -> dict[str, Any]:
        own = NUMBERS[self.channel]
        told = {"session": self.channel, "me": own, "group": self.group, "addressing": self.addressing}
        return {**told, "customer": self.customer, **more}

    def _record(self, event: dict[str, Any], note: str, **more: Any) -> Self:
        """Write down an event under an id that is always the same, at the moment it was delivered."""
        event = {**event, "id": "evt_01" + "".join(self._random.choice(CROCKFORD) for _ in range(24))}
        event["timestamp"] = self.now * 1000 + 123
        kept = {name: value for name, value in more.items() if value and (name, value) != ("repeat", 1)}
        elsewhere = {"channel": self.channel} if self.channel != self.head["channel"] else {}
        self.records.append({"offset_seconds": self.offset, "note": note, **elsewhere, **kept, "event": event})
        return self

    def _id(self) -> str:
        digits = "".join(self._random.choice("0123456789ABCDEF") for _ in range(32))
        return digits if self.engine == "WEBJS" else f"3EB0{digits[:18]}"

    def dump(self) -> str:
        """The recording as JSON, one record on a line."""
        lines = (json.dumps(each, ensure_ascii=False) for each in self.records)
        head = json.dumps({**self.head, "customers": sorted(self.customers)}, ensure_ascii=False)[:-1]
        return head + ', "records": [\n' + ",\n".join(lines) + "\n]}\n"


def write(folder: Path, scenes: tuple[Callable[[], Scribe], ...]) -> int:
    """Write every scene into the folder, and return how many deliveries there are."""
    folder.mkdir(exist_ok=True)
    scribes = [scene() for scene in scenes]
    for number, scribe in enumerate(scribes, start=1):
        (folder / f"{number}_{scribe.name}.json").write_text(scribe.dump(), encoding="utf-8")
    return sum(each.get("repeat", 1) for scribe in scribes for each in scribe.records if "event" in each)


def main() -> None:
    from infra.demo.scenes import SCENES

    print(f"{write(RECORDING, SCENES)} deliveries for the first tenant, in {RECORDING}")


if __name__ == "__main__":
    main()
