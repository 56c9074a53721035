"""`infra demo`: play a recorded afternoon through a local cloud of its own, show what came of it, and check it."""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console

from infra import stopping
from infra.demo import report
from infra.demo.accounts import Books, Outside
from infra.demo.cast import ANA
from infra.demo.checks import Check, Evidence, check_all
from infra.demo.past import Past, check_past
from infra.demo.player import FAST, Audience, Pace, Player
from infra.demo.recording import Conversation, load
from infra.demo.separation import Separation
from infra.demo.stage import Bakery, Waha, set_up
from infra.fakes.waha_events import make_event
from infra.local.cloud import LocalCloud
from infra.manifest import ManifestError

QUIET_SECONDS = 60.0
LOOK_EVERY = 0.25
QUIET_LOOKS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--keep", action="store_true", help="leave it running afterwards, and say how to look around")
    parser.add_argument("--data", type=Path, help="where everything is kept (a temporary folder, removed at the end)")
    parser.add_argument("--port", type=int, default=0, help="where the API answers (any free port)")
    parser.add_argument("--fast", action="store_true", help="play it faster, with less of a pause to read along")


def run(arguments: argparse.Namespace) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a smile shall see the rest
    out = report.console()
    try:
        with _folder(arguments.data) as data:
            return _demo(out, data, arguments)
    except (RuntimeError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


@contextmanager
def _folder(wanted: Path | None) -> Iterator[Path]:
    if wanted:
        yield wanted
        return
    with tempfile.TemporaryDirectory(prefix="ventros-demo-", ignore_cleanup_errors=True) as made:
        if os.geteuid() == 0:
            Path(made).chmod(0o711)  # root's Postgres runs as another user, who must enter it
        yield Path(made)


def _demo(out: Console, data: Path, arguments: argparse.Namespace) -> int:
    began = time.monotonic()
    pace = FAST if arguments.fast else Pace()
    cloud = LocalCloud(data, arguments.port, tell=lambda sentence: out.print(f"  {sentence}", style="dim"))
    out.print("[bold]Setting up a local cloud[/]: Postgres, Pub/Sub, Cloud Tasks, the functions, and a fake WAHA")
    with cloud, _books(cloud) as books, _waha(cloud) as waha:
        bakeries = set_up(cloud, waha, pace.debounce_ms, lambda sentence: out.print(f"  {sentence}", style="dim"))
        out.print(f"  ready after {time.monotonic() - began:.0f} s\n", style="dim")
        show = _Show(out, cloud, waha, books, bakeries, load())
        checks = show.play(pace)
        failed = sum(not check.holds for check in checks)
        _conclude(out, len(checks), failed, time.monotonic() - began)
        if arguments.keep:
            _linger(out, cloud, bakeries)
    return 1 if failed else 0


@contextmanager
def _books(cloud: LocalCloud) -> Iterator[Books]:
    books = Books(cloud)
    yield books
    books.close()


@contextmanager
def _waha(cloud: LocalCloud) -> Iterator[Waha]:
    waha = Waha(cloud.fake_waha_url)
    yield waha
    waha.close()


class _Show:
    """One playing of the recording, and all that is shown of it."""

    def __init__(
        self,
        out: Console,
        cloud: LocalCloud,
        waha: Waha,
        books: Books,
        bakeries: list[Bakery],
        recording: list[Conversation],
    ) -> None:
        self._out, self._cloud, self._waha, self._books = out, cloud, waha, books
        self._bakeries, self._recording = bakeries, recording

    def play(self, pace: Pace) -> list[Check]:
        began, player = time.time(), Player(self._waha, self._bakeries, self._recording, pace)
        self._out.print("[bold]An afternoon at two bakeries[/], in compressed time")
        with report.running(self._out, player.total) as running:
            player.play(Audience(delivered=running.delivered, tell=running.tell, halfway=lambda: self._kill(running)))
            running.tell("Everything is delivered; waiting until all is quiet.")
            under_way = self._until_quiet()
        evidence = Evidence(
            accounts=[self._books.account(bakery) for bakery in self._bakeries],
            outside=Outside.of(self._waha, self._bakeries, began),
            tracks=player.tracks,
            under_way=under_way,
        )
        self._show(evidence)
        checks = [*self._check(evidence), *self._remember()]
        for line in report.verdict(checks):
            self._out.print(line)
        return checks

    def _remember(self) -> list[Check]:
        """Take over what was said long before the first bakery came here."""
        bakery = self._bakeries[0]
        self._out.print(f"[bold]Half a year of {bakery.company.name}[/], from before it came here")
        with Past(self._cloud, self._waha, self._books, bakery) as past:
            found = past.take_over(lambda sentence: self._out.print(f"  {sentence}", style="dim"))
        self._out.print(report.past(found), "\n")
        return check_past(found)

    def _kill(self, running: report.Running) -> bool:
        """Kill the functions amid deliveries, but not amid an answer: its lease would outlast the demo."""
        if self._books.answering(self._bakeries):
            return False
        self._cloud.kill_functions()
        running.tell("Killed the functions' process in the middle of it (SIGKILL); WAHA tries again every two seconds.")
        return True

    def _until_quiet(self) -> dict[str, int]:
        """Wait until nothing is under way any more; what still is when patience ends."""
        deadline, quiet = time.monotonic() + QUIET_SECONDS, 0
        left = self._left()
        while quiet < QUIET_LOOKS and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            left = self._left()
            quiet = 0 if left else quiet + 1
        return left

    def _left(self) -> dict[str, int]:
        unfinished = sum(not each["finished"] for each in self._waha.look("deliveries"))
        return self._books.under_way(self._bakeries) | ({"deliveries under way": unfinished} if unfinished else {})

    def _show(self, evidence: Evidence) -> None:
        first, second = (bakery.company.name for bakery in self._bakeries)
        self._out.print(f"\n[bold]The conversations of {first}[/]\n")
        for panel in report.conversations(evidence, first, plain=self._out.color_system is None):
            self._out.print(panel)
        shared = sum(bool(each.chats) and len(each.tenants) > 1 for each in self._recording)
        self._out.print(f"{second} had {shared} of them with the same customers, and answered with its own prices.\n")
        for account in evidence.accounts:
            self._out.print(report.deliveries(account, evidence.outside))
        self._out.print(report.files(evidence.accounts))
        self._out.print(report.latency(evidence.accounts), "\n")

    def _check(self, evidence: Evidence) -> list[Check]:
        separation = Separation(self._cloud, self._books, self._bakeries)
        return [*check_all(evidence), *separation.check(self._recording)]


def _conclude(out: Console, total: int, failed: int, seconds: float) -> None:
    if failed:
        out.print(f"\n[bold red]{failed} of {total} invariants do not hold[/], after {seconds:.0f} s.")
    else:
        out.print(f"\n[bold green]All {total} invariants hold[/], after {seconds:.0f} s.")


def _linger(out: Console, cloud: LocalCloud, bakeries: list[Bakery]) -> None:
    """Say how to look around, and stay until Ctrl-C."""
    lines = ["", "[bold]It is still running.[/] Look around:"]
    for bakery in bakeries:
        name = bakery.company.name
        lines += ["", f"  [bold]{name}[/]", f"    sign in as   {bakery.email}  {bakery.password}"]
        lines += [f"    API key      {bakery.api_key}"]
    lines += ["", f"  documents      {cloud.base_url}/docs", f"  fake WAHA      {cloud.fake_waha_url}/_fake/sent"]
    lines += [f"  database       {cloud.database_url('ventros_app')}", f"  kept in        {cloud.data}", ""]
    key = f"curl -H 'X-API-Key: {bakeries[0].api_key}'"
    lines += [f"  {key} {cloud.base_url}/api/v1/crm/{path}" for path in ("contacts", "chats", "channels")]
    lines += ["", "Write to the first bakery as Ana (again and again: it is one message until its id changes):"]
    lines += [f"  {_as_ana(cloud, bakeries[0])}", "", "Ctrl-C ends it."]
    for line in lines:
        out.print(line, soft_wrap=True)
    with suppress(KeyboardInterrupt):
        stopping.wait()


def _as_ana(cloud: LocalCloud, bakery: Bakery) -> str:
    """The command by which Ana writes to the bakery."""
    session = bakery.lines["gows"].session
    body, own = "Oi! E quanto custa o pão de queijo?", bakery.company.own("gows")
    said = make_event("GOWS", "text", session=session, customer=ANA, me=own, body=body)
    file = cloud.data / "message.json"
    file.write_text(json.dumps(said, indent=2, ensure_ascii=False), encoding="utf-8")
    return f"curl -d @{file} {cloud.fake_waha_url}/_fake/sessions/{session}/deliver"
