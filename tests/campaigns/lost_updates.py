"""Whether a change that was answered as made can get lost among others of the same thing, at the same time."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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
KEPT, REFUSED = {200}, {409, 412, 503}
BAR = (
    "for every PATCH: kept + refused = sent, the final version = the first + kept; of those who saw one version, "
    "at most one is kept"
)
CHANNEL = {
    "type": "waha",
    "name": "Vendas",
    "base_url": "https://waha.example.com",
    "session_name": "default",
    "engine": "NOWEB",
    "api_key": "provider-secret-key",
}


def contact(here: Callers) -> str:
    made = here.api.post("/api/v1/crm/contacts", {"phone": "+5511912345678"}, as_=here.ours.admin.key)
    return f"/api/v1/crm/contacts/{made.json['id']}"  # type: ignore[index] # a fresh tenant: it is made


def channel(here: Callers) -> str:
    made = here.api.post("/api/v1/crm/channels", CHANNEL, as_=here.ours.admin.key)
    return f"/api/v1/crm/channels/{made.json['id']}"  # type: ignore[index] # as above


def project(here: Callers) -> str:
    return f"/api/v1/projects/{here.ours.project_id}"


# How one of each kind comes to be, by the function that changes it; all have a name.
MAKERS: dict[str, Callable[[Callers], str]] = {
    "update_contact": contact,
    "update_channel": channel,
    "update_project": project,
}


@dataclass(frozen=True)
class Thing:
    """One aggregate under change, by its address."""

    here: Callers
    path: str

    def version(self) -> int:
        answer = self.here.api.get(self.path, as_=self.here.ours.admin.key)
        return int(answer.headers["ETag"].strip('"'))

    def rename(self, name: str, seen: int | None = None) -> TestResponse:
        headers = {} if seen is None else {"If-Match": f'"{seen}"'}
        return self.here.api.patch(self.path, {"name": name}, as_=self.here.ours.admin.key, headers=headers)

    def rename_until_kept(self, name: str) -> list[int]:
        """Read, change what was read, and again if it was not that any more; gives all that was answered."""
        statuses: list[int] = []
        while not set(statuses) & KEPT and len(statuses) < 10 * AT_ONCE:
            statuses.append(self.rename(name, self.version()).status_code)
        return statuses


def judge(odd: Counter[str], statuses: list[int], before: int, after: int) -> int:
    kept = sum(status in KEPT for status in statuses)
    odd["odd answers"] += sum(status not in KEPT | REFUSED for status in statuses)
    odd["lost updates"] += abs(before + kept - after)
    return kept


def round_of(thing: Thing, odd: Counter[str], number: int) -> Counter[str]:
    """Three storms on one thing: unconditional, all from one version, and each until it is kept."""
    with ThreadPoolExecutor(THREADS) as threads:
        names = [f"{number}.{each}" for each in range(AT_ONCE)]
        start = thing.version()
        blind = [answer.status_code for answer in threads.map(lambda name: thing.rename(f"a{name}"), names)]
        seen = thing.version()
        kept = judge(odd, blind, start, seen)
        same = [answer.status_code for answer in threads.map(lambda name: thing.rename(f"b{name}", seen), names)]
        then = thing.version()
        odd["kept from one version, beyond one"] += abs(judge(odd, same, seen, then) - 1)
        insisted = list(threads.map(lambda name: thing.rename_until_kept(f"c{name}"), names[:STUBBORN]))
        stubborn = [status for each in insisted for status in each]
        odd["never kept"] += STUBBORN - judge(odd, stubborn, then, thing.version())
    return Counter(sent=len(blind) + len(same) + len(stubborn), kept_without_if_match=kept)


def measure(rounds: int) -> dict[str, Any]:
    odd: Counter[str] = Counter()
    figures: Counter[str] = Counter()
    changing = sorted(spec.name for spec in declared(Endpoint) if spec.method == "PATCH")
    with callers("lost_updates") as here:
        for make in MAKERS.values():
            thing = Thing(here, make(here))
            for number in range(rounds):
                figures += round_of(thing, odd, number)
    uncovered = sorted(set(changing) - MAKERS.keys())
    return {
        "changed_by": sorted(MAKERS),
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
        return measure(1)


def with_stale_writes_let_pass() -> dict[str, Any]:
    """A write that changed nothing because somebody was quicker counts as made."""

    def flush(self: UnitOfWork) -> None:
        try:
            self.session.flush()
        except StaleDataError:
            self.session.rollback()

    with patch.object(UnitOfWork, "flush", flush):
        return measure(1)


FAULTS = {"no_eye_on_versions": with_no_eye_on_versions, "stale_writes_let_pass": with_stale_writes_let_pass}
