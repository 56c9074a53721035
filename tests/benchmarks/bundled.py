"""Cold starts of built bundles: each in an environment of its own, against the framework and nothing else."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, median

from packaging.requirements import Requirement
from rich.console import Console

from infra.bench.cold import KEY, NOTHING, TOKEN, ColdStart, by_library, own_times
from infra.bundle.bundles import Bundle, Workshop
from infra.bundle.libraries import with_dependencies
from infra.bundle.requirements import SERVER
from infra.bundle.sources import Sources
from infra.environment import ROOT
from infra.manifest import declarations
from shared.runtime.declarations import Declaration, Kind
from shared.runtime.http import Endpoint
from shared.runtime.identity import Access
from tests.benchmarks.client import Unanswered, ask, is_success, request
from tests.support.first_requests import First, first_request
from tests.support.ground import Ground, ground
from tests.support.postgres import Database
from tests.support.units import Unit, make_unit

PATIENCE = 60.0
BESIDE = 8  # so many starts between two of the bare framework
PROFILE = {"PYTHONPROFILEIMPORTTIME": "1"}
# What a deployment may do without, and who cannot.
COUNTERS = ("UPSTASH_URL", "UPSTASH_TOKEN")
ISSUERS, NEEDS_ISSUERS = "TOKEN_ISSUERS", {"link_external_identity"}


@dataclass(kw_only=True)
class Contestant:
    """One bundle asked in one way; `database` is shared by those that only read."""

    unit: Unit
    declared: Declaration | None = None
    shows: str = NOTHING
    ratios: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    imports: Counter[str] = field(default_factory=Counter)

    @cached_property
    def reads(self) -> bool:
        return isinstance(self.declared, Endpoint) and self.declared.method == "GET"

    def first(self, laid: Ground) -> First:
        if self.declared is None:
            return First(method="GET", path="/", headers={})
        return first_request(self.declared, laid, by_key=self.shows == KEY)


def cold_starts(names: Sequence[str], rounds: int, console: Console, *, counted: bool = False) -> list[ColdStart]:
    """Measure the named functions, or all; services answer nobody and are left out.

    `counted`: calls are counted in a store, as rate limits want it. No outside issuer of tokens is believed.
    """
    workshop = Workshop(Sources.here())
    with tempfile.TemporaryDirectory(prefix="ventros-cold-") as folder, ground() as whole:
        laid = whole if counted else whole.without(*COUNTERS)
        bare = Contestant(unit=make_unit(bare_bundle(workshop), Path(folder)))
        chosen = list(contestants(workshop, names, Path(folder)))
        with laid.copy() as shared:
            for turn in range(-1, rounds):
                console.print(f"Round {turn + 1} of {rounds}, {len(chosen)} cold starts …", style="dim")
                take_turns(chosen if turn % 2 else chosen[::-1], bare, laid, shared)
                if turn < 0:
                    forget([bare, *chosen])  # what was not compiled is by now
            for each in (bare, *chosen):
                profile(each, laid, shared)
    return [summed_up(each, bare) for each in chosen]


def bare_bundle(workshop: Workshop) -> Bundle:
    """The least function, with the framework that serves it."""
    names = with_dependencies([Requirement(SERVER)])
    main = (ROOT / "tests/benchmarks/bare.py").read_bytes()
    files = {"main.py": main, "requirements.txt": workshop.requirements.text(names).encode()}
    return Bundle(
        name="bare", kind="endpoint", uses=frozenset(), files=files, distributions=frozenset(names), fingerprint=""
    )


def contestants(workshop: Workshop, names: Sequence[str], folder: Path) -> Iterator[Contestant]:
    """Each once, and who reads for somebody who is known twice: by token and by key."""
    for declared in declarations():
        if (names and declared.name not in names) or declared.kind is Kind.SERVICE:
            continue
        made = Contestant(unit=make_unit(workshop.bundle(declared.name), folder), declared=declared)
        known = isinstance(declared, Endpoint) and not isinstance(declared.allow, Access)
        if known:
            made.shows = TOKEN
        yield made
        if known and made.reads:
            yield replace(made, shows=KEY, ratios=[], times=[], imports=Counter())


def forget(several: Sequence[Contestant]) -> None:
    for each in several:
        each.ratios.clear()
        each.times.clear()


def take_turns(chosen: Sequence[Contestant], bare: Contestant, laid: Ground, shared: Database) -> None:
    """Start each once; the bare framework before and after every few, whose mean they are held against."""
    before = start(bare, laid, shared)
    for first in range(0, len(chosen), BESIDE):
        group = chosen[first : first + BESIDE]
        times = [start(each, laid, shared) for each in group]
        after = start(bare, laid, shared)
        for each, spent in zip(group, times, strict=True):
            each.times.append(spent)
            each.ratios.append(spent / fmean((before, after)))
        bare.times += (before, after)
        before = after


def start(contestant: Contestant, laid: Ground, shared: Database, **profiled: str) -> float:
    """Milliseconds from the start of the process to its first answer. Unanswered: that was none, or no success."""
    with nullcontext(shared) if contestant.reads or contestant.declared is None else laid.copy() as database:
        standing = laid if contestant.unit.bundle.name in NEEDS_ISSUERS else laid.without(ISSUERS)
        first, env = contestant.first(laid), standing.environment(database, **profiled)
        message = request(first.method, first.path, first.headers, first.body)
        began = time.perf_counter()
        with contestant.unit.running(env) as port:
            answer = ask(port, message, PATIENCE)
            spent = time.perf_counter() - began
    if not is_success(answer):
        raise Unanswered(f"{contestant.unit.bundle.name} answered {answer[:300]!r}")
    return spent * 1000


def profile(contestant: Contestant, laid: Ground, shared: Database) -> None:
    """Start it once more and have Python tell what it imports; that takes longer, so the time does not count."""
    contestant.unit.log.unlink(missing_ok=True)
    start(contestant, laid, shared, **PROFILE)
    contestant.imports = own_times(contestant.unit.log.read_text(errors="replace"))


def summed_up(contestant: Contestant, bare: Contestant) -> ColdStart:
    return ColdStart(
        name=contestant.unit.bundle.name,
        kind=contestant.unit.bundle.kind,
        reads=contestant.reads,
        shows=contestant.shows,
        milliseconds=median(contestant.times),
        ratio=median(contestant.ratios),
        imports=by_library(contestant.imports, bare.imports),
    )
