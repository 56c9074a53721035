"""Whether every bundle starts with its own requirements and nothing else, and answers its first request.

The short form takes one function of each kind. A bundle is unpacked into a folder of its own and run by the newest
Python there is, in an environment that holds its requirements.txt; what it has imported by its first answer must lie in
its zip or in that environment.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infra.bundle.bundles import Bundle, Workshop
from infra.bundle.sources import Sources
from infra.environment import ROOT
from infra.manifest import declarations
from infra.pythons import newest
from shared.runtime.declarations import Declaration
from shared.runtime.postgres import Connections, sql
from tests.benchmarks.client import Unanswered, ask, is_success, request
from tests.campaigns.cloud import wait_until
from tests.support.first_requests import first_request
from tests.support.ground import Ground, ground
from tests.support.operations import Unprepared
from tests.support.postgres import Database
from tests.support.units import Unit, make_unit
from tests.support.venvs import Uninstallable, forget_old, unreachable

BAR = "every bundle starts in a fresh environment, answers its first request with 2xx, and imports nothing from outside"
# One of each kind, and few different requirements among them.
SHORT = (
    "answer_preflight",
    "assign_session",
    "flush_message_group",
    "receive_waha",
    "record_timeline",
    "relay_outbox",
    "sweep_sessions",
)
# What it must have imported for its first request, or that was none.
REACHED = {
    "run_agent": "/google/genai/",
    "send_message": "/httpx/",
    "list_history": "/httpx/",
    "read_history": "/httpx/",
    "relay_outbox": "/google/pubsub_v1/",
}
AT_ONCE = 2
PATIENCE = 60.0
MOST_NAMED = 10
CRLF = b"\r\n"
_WAITING = sql("select count(*) from outbox_events where published_at is null")

Plant = Callable[[Bundle], Bundle]


@dataclass
class Tally:
    kinds: Counter[str] = field(default_factory=Counter)
    requirements: set[bytes] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return bool(self.kinds) and not (self.refused or self.unanswered or self.strangers)

    def figures(self) -> dict[str, Any]:
        failed = self.refused + self.unanswered + self.strangers
        return {
            "bundles": self.kinds.total(),
            "kinds": dict(sorted(self.kinds.items())),
            "environments": len(self.requirements),
            "python": newest().version,
            "refused": len(self.refused),
            "unanswered": len(self.unanswered),
            "strangers": len(self.strangers),
            "failed": failed[:MOST_NAMED],
            "bar": BAR,
            "passed": self.passed,
        }


@dataclass(frozen=True, kw_only=True)
class Yard:
    """Where bundles are tried."""

    ground: Ground
    folder: Path
    declared: dict[str, Declaration]

    def tried(self, bundle: Bundle, tally: Tally, borrowed: Path | None) -> None:
        """Start a bundle and note what came of it; `borrowed`: where it finds modules that it does not have."""
        tally.kinds[bundle.kind] += 1
        tally.requirements.add(bundle.files["requirements.txt"])
        try:
            unit = make_unit(bundle, self.folder)
        except Uninstallable as error:
            tally.refused.append(f"{bundle.name}: {error}")
            return
        try:
            with self.ground.copy() as database:
                env = self.ground.environment(database)
                with unit.running(env, traced=True, borrowed=borrowed) as port:
                    self._answered(bundle, port, database)
        except (Unanswered, Unprepared) as error:
            tally.unanswered.append(f"{bundle.name}: {error} {last_words(unit)}")
            return
        if not any(REACHED.get(bundle.name, "") in file for file in unit.imported()):
            tally.unanswered.append(f"{bundle.name}: its first request did not lead it to {REACHED[bundle.name]}")
        tally.strangers += [f"{bundle.name}: {file}" for file in unit.strangers()]

    def _answered(self, bundle: Bundle, port: int, database: Database) -> None:
        if bundle.is_service:
            must_be_carried(database)
            return
        first = first_request(self.declared[bundle.name], self.ground)
        answer = ask(port, request(first.method, first.path, first.headers, first.body), PATIENCE)
        if not is_success(answer):
            raise Unanswered(f"its first answer was {answer.partition(CRLF)[0].decode()};")


def must_be_carried(database: Database) -> None:
    """What the one service is there for. Unanswered: it does not come about."""
    with closing(Connections(database.admin_url)) as admin:
        if not wait_until(lambda: admin.run(_WAITING)[0][0][0] == "0", PATIENCE):
            raise Unanswered("what waits in the outbox is not carried")


def last_words(unit: Unit) -> str:
    return unit.log.read_text(errors="replace").strip()[-200:] if unit.log.exists() else ""


_open: list[Yard] = []


@contextmanager
def yard() -> Iterator[Yard]:
    """A yard, with all that its ground takes to lay; within the block it is everybody's."""
    if _open:
        yield _open[-1]
        return
    with tempfile.TemporaryDirectory(prefix="ventros-bundles-") as folder, ground() as laid:
        place = Path(folder)
        declared = {each.name: each for each in declarations()}
        _open.append(Yard(ground=laid, folder=place, declared=declared))
        try:
            yield _open[-1]
        finally:
            _open.clear()


def look(
    names: Iterable[str] | None = None, plant: Plant = lambda bundle: bundle, *, borrowed: Path | None = None
) -> dict[str, Any]:
    """Try these bundles, or all, each as `plant` has changed it."""
    workshop, tally = Workshop(Sources.here()), Tally()
    chosen = [plant(workshop.bundle(name)) for name in names or sorted(workshop.entries)]
    with yard() as place, ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda bundle: place.tried(bundle, tally, borrowed), chosen))
    return tally.figures()


def run(*, long: bool) -> dict[str, Any]:
    if reason := unreachable():
        return {"skipped": reason, "bar": BAR, "passed": True}
    forget_old()
    return look(None if long else SHORT)


def _without(path: str) -> Plant:
    return lambda bundle: replace(bundle, files={name: text for name, text in bundle.files.items() if name != path})


def _without_requirement(*names: str) -> Plant:
    def plant(bundle: Bundle) -> Bundle:
        wanted = Workshop(Sources.here()).requirements.text(bundle.distributions - set(names))
        return replace(bundle, files={**bundle.files, "requirements.txt": wanted.encode()})

    return plant


def _module_removed() -> dict[str, Any]:
    """What is imported only within a function is not in the zip."""
    return look(["get_contact"], _without("shared/runtime/issuers.py"))


def _requirement_missing() -> dict[str, Any]:
    """A library that another one needs is not listed."""
    return look(["answer_preflight"], _without_requirement("click"))


def _extra_missing() -> dict[str, Any]:
    """What no import tells of, and what PyJWT silently does without, is not listed."""
    return look(["get_contact"], _without_requirement("cryptography"))


def _module_borrowed() -> dict[str, Any]:
    """A module is not in the zip, and is found elsewhere on this machine."""
    return look(["answer_preflight"], _without("shared/runtime/preflight.py"), borrowed=ROOT)


FAULTS: dict[str, Callable[[], dict[str, Any]]] = {
    "module_removed": _module_removed,
    "requirement_missing": _requirement_missing,
    "extra_missing": _extra_missing,
    "module_borrowed": _module_borrowed,
}
