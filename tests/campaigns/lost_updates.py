"""Whether a change that was answered as made can get lost among others of the same thing, at the same time."""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from sqlalchemy.orm.exc import StaleDataError
from werkzeug.test import TestResponse

from shared.kernel.aggregate import Aggregate
from shared.runtime.http import Endpoint
from shared.runtime.precondition import Expected
from shared.runtime.work import UnitOfWork
from tests.campaigns.callers import Callers, callers
from tests.support.functions import declared

AT_ONCE = 50
STUBBORN = 12
THREADS = 6
LONG, QUICK = 10, 1  # rounds for each aggregate
OK = 200
KEPT, REFUSED = {OK}, {409, 412, 503}
BAR = (
    "for every PATCH: each that was kept shows what it asked for, one version never stands for two states, and from "
    "the first to the final version each is one that was kept; of those who saw one version, exactly one changes it"
)
CHANNEL = {
    "type": "waha",
    "name": "Vendas",
    "base_url": "https://waha.example.com",
    "session_name": "default",
    "engine": "NOWEB",
    "api_key": "provider-secret-key",
}
BIA, CAIO, DORA = "+5511987650001", "+5511987650002", "+5511987650003"
ROLES = ("viewer", "agent", "admin")


@dataclass(frozen=True)
class Thing:
    """One aggregate under change: its address, its table, and the field that is changed."""

    here: Callers
    path: str
    table: str
    field: str = "name"

    def version(self) -> int:
        named = self.path.rpartition("/")[2]
        return int(self.here.value(f"select version from {self.table} where id = :id", id=named) or 0)

    def change(self, value: Any, seen: int | None = None) -> TestResponse:
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return self.here.api.patch(self.path, {self.field: value}, as_=self.here.ours.admin.key, headers=headers)

    def change_until_kept(self, value: Any) -> list[TestResponse]:
        """Read, change what was read, and again if it was not that any more; gives all that was answered."""
        answers: list[TestResponse] = []
        while not (answers and answers[-1].status_code in KEPT) and len(answers) < 10 * AT_ONCE:
            answers.append(self.change(value, self.version()))
        return answers

    def values(self, prefix: str) -> list[Any]:
        """What to change it to: each time something else, where there is so much to choose from."""
        if self.field == "role":
            return [ROLES[each % len(ROLES)] for each in range(AT_ONCE)]
        if self.field == "metadata":
            return [{"deal": f"{prefix}.{each}"} for each in range(AT_ONCE)]
        if self.field == "send_at":
            later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1, hours=ord(prefix[0]))
            return [(later + timedelta(minutes=each)).isoformat() for each in range(AT_ONCE)]
        return [f"{prefix}.{each}" for each in range(AT_ONCE)]


def contact(here: Callers, phone: str = "+5511912345678") -> Thing:
    made = here.api.post("/api/v1/crm/contacts", {"phone": phone}, as_=here.ours.admin.key)
    return Thing(here, f"/api/v1/crm/contacts/{made.json['id']}", "contacts")  # type: ignore[index] # a fresh tenant


def channel(here: Callers) -> Thing:
    made = here.api.post("/api/v1/crm/channels", CHANNEL, as_=here.ours.admin.key)
    return Thing(here, f"/api/v1/crm/channels/{made.json['id']}", "channels")  # type: ignore[index] # as above


def message(here: Callers) -> Thing:
    """One that waits to be sent: nobody sends here."""
    to = {f"{thing.table[:-1]}_id": thing.path.rpartition("/")[2] for thing in (channel(here), contact(here, BIA))}
    made = here.api.post("/api/v1/crm/messages", {"text": "Bom dia!", **to}, as_=here.ours.admin.key)
    return Thing(here, f"/api/v1/crm/messages/{made.json['id']}", "messages", "text")  # type: ignore[index] # as above


def scheduled_message(here: Callers) -> Thing:
    to = {f"{thing.table[:-1]}_id": thing.path.rpartition("/")[2] for thing in (channel(here), contact(here, CAIO))}
    wanted = {"send_at": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "message": {"text": "Bom dia!", **to}}
    made = here.api.post("/api/v1/crm/messages/schedule", wanted, as_=here.ours.admin.key)
    named = made.json["id"]  # type: ignore[index] # as above
    return Thing(here, f"/api/v1/crm/messages/scheduled/{named}", "scheduled_messages", "send_at")


def chat(here: Callers) -> Thing:
    """One in which nobody speaks."""
    to = {f"{thing.table[:-1]}_id": thing.path.rpartition("/")[2] for thing in (channel(here), contact(here, DORA))}
    made = here.api.post("/api/v1/crm/chats", to, as_=here.ours.admin.key)
    return Thing(here, f"/api/v1/crm/chats/{made.json['id']}", "chats", "metadata")  # type: ignore[index] # as above


def project(here: Callers) -> Thing:
    return Thing(here, f"/api/v1/projects/{here.ours.project_id}", "projects")


def member(here: Callers) -> Thing:
    mine = "select id from memberships where user_id = :user_id"
    found = here.value(mine, user_id=here.ours.viewer.user_id)
    return Thing(here, f"/api/v1/projects/{here.ours.project_id}/members/{found}", "memberships", "role")


def user(here: Callers) -> Thing:
    return Thing(here, f"/api/v1/users/{here.ours.viewer.user_id}", "users")


# How one of each kind comes to be, by the function that changes it.
MAKERS: dict[str, Callable[[Callers], Thing]] = {
    "update_contact": contact,
    "update_channel": channel,
    "update_chat": chat,
    "update_message": message,
    "update_scheduled_message": scheduled_message,
    "update_project": project,
    "update_project_member": member,
    "update_user": user,
}
Asked = list[tuple[Any, TestResponse]]


def judge(thing: Thing, odd: Counter[str], asked: Asked, before: int) -> int:
    """How many versions were made since `before`, all accounted for."""
    states: dict[int, Any] = {before: ""}
    for value, answer in asked:
        odd["odd answers"] += answer.status_code not in KEPT | REFUSED
        if answer.status_code in KEPT and answer.json:
            version, shown = answer.json["version"], answer.json[thing.field]
            odd["kept otherwise than asked"] += shown != value
            # The version that there was may be shown to who asked for what already stood there.
            odd["two states of one version"] += version != before and states.setdefault(version, shown) != shown
    after = thing.version()
    odd["lost updates"] += len(states.keys() ^ set(range(before, after + 1)))
    return after - before


def storm(thing: Thing, threads: ThreadPoolExecutor, values: list[Any], seen: int | None = None) -> Asked:
    return list(zip(values, threads.map(lambda value: thing.change(value, seen), values), strict=True))


def insisted(thing: Thing, threads: ThreadPoolExecutor, values: list[Any]) -> Asked:
    answers = zip(values, threads.map(thing.change_until_kept, values), strict=True)
    return [(value, answer) for value, each in answers for answer in each]


def round_of(thing: Thing, odd: Counter[str], number: int) -> Counter[str]:
    """Three storms on one thing: unconditional, all from one version, and each until it is kept."""
    with ThreadPoolExecutor(THREADS) as threads:
        start = thing.version()
        blind = storm(thing, threads, thing.values(f"a{number}"))
        made = judge(thing, odd, blind, start)
        seen = thing.version()
        same = storm(thing, threads, thing.values(f"b{number}"), seen)
        odd["made from one version, beyond one"] += abs(judge(thing, odd, same, seen) - 1)
        then = thing.version()
        stubborn = insisted(thing, threads, thing.values(f"c{number}")[:STUBBORN])
        judge(thing, odd, stubborn, then)
        odd["never kept"] += STUBBORN - sum(answer.status_code in KEPT for _, answer in stubborn)
    return Counter(sent=len(blind) + len(same) + len(stubborn), made_without_if_match=made)


def measure(rounds: int, makers: Iterable[str] = tuple(MAKERS)) -> dict[str, Any]:
    odd: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    # What is only asked of the provider changes nothing yet, and answers 202.
    patches = (spec for spec in declared(Endpoint) if spec.method == "PATCH" and spec.status == OK)
    changing = sorted(spec.name for spec in patches)
    with callers("lost_updates") as here:
        for name in makers:
            thing = MAKERS[name](here)
            for number in range(rounds):
                figures += round_of(thing, odd, number)
    uncovered = sorted(set(changing) - MAKERS.keys())
    return {
        "changed_by": sorted(makers),
        "uncovered": uncovered,
        **figures,
        "odd": {what: count for what, count in odd.items() if count},
        "bar": BAR,
        "passed": not odd.total() and not uncovered,
    }


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def with_no_eye_on_versions() -> dict[str, Any]:
    """`If-Match` is read and believed."""

    def believe(self: Expected, found: Aggregate) -> None:
        self.met = self.met or found.id == self.id

    with patch.object(Expected, "check", believe):
        return measure(1, ["update_contact"])


def with_stale_writes_let_pass() -> dict[str, Any]:
    """A write that changed nothing because somebody was quicker counts as made."""

    def flush(self: UnitOfWork) -> None:
        try:
            self.session.flush()
        except StaleDataError:
            self.session.rollback()

    with patch.object(UnitOfWork, "flush", flush):
        return measure(1, ["update_project"])


def with_the_last_writer_winning() -> dict[str, Any]:
    """A write goes over whatever version there is by then."""

    def flush(self: UnitOfWork) -> None:
        for changed in list(self.session.dirty):
            self.session.refresh(changed, ["version"], with_for_update=True)
        self.session.flush()

    with patch.object(UnitOfWork, "flush", flush):
        return measure(1, ["update_project"])


FAULTS = {
    "no_eye_on_versions": with_no_eye_on_versions,
    "stale_writes_let_pass": with_stale_writes_let_pass,
    "last_writer_wins": with_the_last_writer_winning,
}
