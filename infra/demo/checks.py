"""The invariants: what must hold after all that was delivered, killed, repeated and turned around."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.demo.accounts import Account, Outside, Row
from infra.demo.player import Track

MOST_TOLD = 3

EVENT = "evt_"  # how the ids of WAHA's events begin


@dataclass(frozen=True, kw_only=True)
class Check:
    """One invariant, in words; `problems` are sentences, and none means that it holds."""

    sentence: str
    problems: list[str]

    @property
    def holds(self) -> bool:
        return not self.problems

    @property
    def told(self) -> str:
        more = len(self.problems) - MOST_TOLD
        return "; ".join([*self.problems[:MOST_TOLD], *([f"and {more} more"] if more > 0 else [])])


@dataclass(frozen=True, kw_only=True)
class Evidence:
    accounts: list[Account]
    outside: Outside
    tracks: list[Track]
    under_way: dict[str, int]

    def track_messages(self, track: Track) -> dict[str, Row]:
        """The messages of the track's bakery and channel by their external ids."""
        account = next(each for each in self.accounts if each.bakery is track.bakery)
        channel = account.channel(track.conversation.channel)
        return {each["external_id"]: each for each in account.messages if each["channel_id"] == channel}


def check_all(evidence: Evidence) -> list[Check]:
    """Check everything but the separation of tenants, which is asked of the API."""
    return [Check(sentence=sentence, problems=list(find(evidence))) for sentence, find in _CHECKS.items()]


def _unfinished(evidence: Evidence) -> Iterator[str]:
    yield from (f"{count} {name}" for name, count in evidence.under_way.items())
    lost = [each for each in evidence.outside.deliveries if not each["answers"] or each["answers"][-1] // 100 != 2]  # noqa: PLR2004 - any 2xx
    yield from (f"{each['event']} to {each['session']} was never taken" for each in lost)


def _accounting(evidence: Evidence) -> Iterator[str]:
    """Each event has one row, received as often as was answered 2xx; more only where an answer got lost."""
    sessions = {line.session: (a, line) for a in evidence.accounts for line in a.bakery.lines.values()}
    answered: Counter[tuple[str, str]] = Counter()
    attempted: Counter[tuple[str, str]] = Counter()
    for each in evidence.outside.deliveries:
        name = str(sessions[each["session"]][1].channel_id), each["event_id"]
        attempted[name] += len(each["answers"])
        answered[name] += sum(answer // 100 == 2 for answer in each["answers"])  # noqa: PLR2004 - any 2xx
    kept = {
        (row["channel_id"], row["delivery_key"]): row["times_received"]
        for a in evidence.accounts
        for row in a.deliveries
    }
    yield from (f"event {key} was answered 2xx but is not kept" for _, key in answered.keys() - kept.keys())
    # What we asked for ourselves, when a channel came back, has no event's id.
    strange = (key for _, key in kept.keys() - attempted.keys() if key.startswith(EVENT))
    yield from (f"row {key} was never delivered" for key in strange)
    for name in kept.keys() & answered.keys():
        if not answered[name] <= kept[name] <= attempted[name]:
            yield f"event {name[1]} was received {kept[name]} times, answered {answered[name]} times"


def _failed(evidence: Evidence) -> Iterator[str]:
    rows = (row for account in evidence.accounts for row in account.deliveries if row["status"] == "failed")
    yield from (f"{row['event']}: {row['problem']}" for row in rows)


def _replies(evidence: Evidence) -> Iterator[str]:
    """What the fake took and what we keep as sent by a bot are the same messages.

    One whose outcome is unknown may never have come: that is what the word says.
    """
    kept: dict[tuple[str, str], Row] = {}
    for account in evidence.accounts:
        names = {str(line.channel_id): line.session for line in account.bakery.lines.values()}
        for row in account.messages:
            if row["sender_kind"] == "bot" and row["status"] != "cancelled":
                kept[names[row["channel_id"]], row["external_id"] or row["id"]] = row
    sent = {(each["session"], each["id"]): each for each in evidence.outside.sent}
    yield from (f"{sent[name]['text']!r} was sent, but no message says so" for name in sent.keys() - kept.keys())
    missing = [kept[name] for name in kept.keys() - sent.keys() if kept[name]["status"] != "unknown"]
    yield from (f"{row['text']!r} is {row['status']}, but never came" for row in missing)
    differing = (name for name in sent.keys() & kept.keys() if sent[name]["text"] != kept[name]["text"])
    yield from (f"message {name[1]} was sent with another text" for name in differing)
    yield from (f"message {each['id']} was sent twice" for each in evidence.outside.sent if each["duplicate"])


def _one_reply(evidence: Evidence) -> Iterator[str]:
    replies = Counter(
        row["answers_group_id"]
        for account in evidence.accounts
        for row in account.messages
        if row["answers_group_id"] and row["status"] != "cancelled"
    )
    yield from (f"burst {group} has {count} replies" for group, count in replies.items() if count > 1)


def _outcomes(evidence: Evidence) -> Iterator[str]:
    groups = [group for account in evidence.accounts for group in account.groups]
    yield from (f"burst {group['id']} has no outcome" for group in groups if not group["outcome"])
    yield from (f"a burst failed: {group['outcome_reason']}" for group in groups if group["outcome"] == "failed")


def _present(evidence: Evidence) -> Iterator[str]:
    """Every message is there, at the time it was written, in the one chat of its conversation."""
    for track in evidence.tracks:
        found = evidence.track_messages(track)
        name = f"{track.bakery.company.name}, “{track.conversation.title}”"
        for message_id, at in track.sent_at.items():
            if track.conversation.chats and message_id not in found:
                yield f"{name}: message {message_id} is missing"
            elif track.conversation.chats and int(float(found[message_id]["at"])) != at:
                yield f"{name}: message {message_id} stands at another time"
        chats = {found[each]["chat_id"] for each in track.sent_at if each in found}
        if track.conversation.chats and len(chats) != 1:
            yield f"{name}: it lies in {len(chats)} chats"


def _silence(evidence: Evidence) -> Iterator[str]:
    """After a person wrote, and in groups, no bot speaks."""
    for track in evidence.tracks:
        found = evidence.track_messages(track)
        chats = {found[each]["chat_id"] for each in track.sent_at if each in found}
        said = [row for row in found.values() if row["chat_id"] in chats] if track.conversation.chats else []
        phone = [float(row["at"]) for row in said if row["sender_kind"] == "phone"]
        bot = [float(row["at"]) for row in said if row["sender_kind"] == "bot"]
        if bot and track.conversation.name == "group":
            yield f"a bot wrote in “{track.conversation.title}”"
        if phone and any(at > min(phone) + 1 for at in bot):
            yield f"a bot wrote in “{track.conversation.title}” after the owner had"


def _ticks(evidence: Evidence) -> Iterator[str]:
    """Every reply stands at the highest level that was told of it, whatever the order."""
    levels = {1: "sent", 2: "delivered", 3: "read", 4: "played"}
    for track in evidence.tracks:
        found = evidence.track_messages(track)
        for message_id, level in track.receipts.items():
            status = found.get(message_id, {}).get("status", "missing")
            if status != levels[level]:
                yield f"a reply in “{track.conversation.title}” is {status}, not {levels[level]}"


def _stored(evidence: Evidence) -> Iterator[str]:
    """What came with a file has it in the bucket by now."""
    rows = (row for account in evidence.accounts for row in account.messages if row["file"] not in {None, "stored"})
    yield from (f"the file of message {row['external_id']} is {row['file']}" for row in rows)


def _refused(evidence: Evidence) -> Iterator[str]:
    yield from (f"{each['method']} {each['path']}: {each['why']}" for each in evidence.outside.refused)


_CHECKS: dict[str, Callable[[Evidence], Iterator[str]]] = {
    "nothing is left to do, and WAHA was answered 2xx for everything": _unfinished,
    "deliveries = kept + duplicate + unhandled, each event once": _accounting,
    "no delivery failed": _failed,
    "every reply that WAHA took is one message here, and the other way round": _replies,
    "no burst has two replies": _one_reply,
    "every burst has an outcome, and none failed": _outcomes,
    "every message stands in its conversation's one chat, at its own time": _present,
    "the bot is silent in groups, and where a person has taken over": _silence,
    "every reply has the tick that the highest receipt says": _ticks,
    "every file that came with a message is in the bucket": _stored,
    "WAHA refused no request of ours": _refused,
}
