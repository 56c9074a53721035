"""What a person sees: progress while it plays, then tables, conversations with their ticks, and the verdict."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from statistics import quantiles
from typing import Literal

from rich import box
from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from infra.demo.accounts import Account, Outside, Row
from infra.demo.checks import Check, Evidence
from infra.demo.past import Found
from infra.demo.player import Track
from infra.environment import ROOT

WIDTH = 100
BUBBLE = 60
EVERY = 20  # deliveries between two lines where there is no terminal
TICKS = {
    "queued": ("◷", "dim"),
    "sending": ("◷", "dim"),
    "sent": ("✓", "dim"),
    "delivered": ("✓✓", "dim"),
    "read": ("✓✓", "bold bright_blue"),
    "played": ("✓✓ ▶", "bold bright_blue"),
    "unknown": ("?", "yellow"),
    "failed": ("✘", "red"),
    "cancelled": ("✂", "dim"),
}
FILES = {
    "image": "📷 photo",
    "voice": "🎤 voice",
    "audio": "🎵 audio",
    "video": "🎬 video",
    "document": "📄 document",
    "sticker": "🙂 sticker",
    "location": "📍 location",
    "contact": "👤 contact",
}
COUNTED = ("sent", "kept", "duplicate", "unhandled", "failed", "retried")
VOICES = {"bot": "Bia, the bot", "phone": "the owner, on the phone", "user": "the owner"}


def console() -> Console:
    """A console as wide as the terminal, or of a fixed width where there is none."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDTH)


class Running:
    """Progress: a moving bar on a terminal, plain lines elsewhere."""

    def __init__(self, out: Console, bar: Progress | None, total: int) -> None:
        self._out, self._bar, self._total, self._done = out, bar, total, 0

    def delivered(self) -> None:
        self._done += 1
        if self._bar:
            self._bar.advance(self._bar.task_ids[0])
        elif self._done % EVERY == 0 or self._done == self._total:
            self.tell(f"{self._done} of {self._total} deliveries")

    def tell(self, sentence: str) -> None:
        (self._bar.console if self._bar else self._out).print(f"  {sentence}", style="dim")


@contextmanager
def running(out: Console, total: int) -> Iterator[Running]:
    if not out.is_terminal:
        yield Running(out, None, total)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=out) as bar:
        bar.add_task("Playing the afternoon", total=total)
        yield Running(out, bar, total)


def deliveries(account: Account, outside: Outside) -> Table:
    """What came through each channel of a bakery and what became of it."""
    title = f"Deliveries to {account.bakery.company.name}"
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold", pad_edge=False)
    table.padding = (0, 0, 0, 1)
    table.add_column("channel")
    for name in (*COUNTED, "bursts", "replies"):
        table.add_column(name, justify="right")
    for name, line in account.bakery.lines.items():
        rows = [row for row in account.deliveries if row["channel_id"] == str(line.channel_id)]
        sent = [each for each in outside.deliveries if each["session"] == line.session]
        counts = _counts(rows, sent)
        table.add_row(name.upper(), *(str(counts[each]) for each in COUNTED), *_bursts(account, name))
    return table


def _counts(rows: list[Row], sent: list[Row]) -> Counter[str]:
    """A repeated event counts once as what it was, and then as a duplicate."""
    found = Counter(str(row["status"]) for row in rows)
    found["duplicate"] += sum(row["times_received"] - 1 for row in rows)
    found["sent"] = len(sent)
    found["retried"] = sum(len(each["answers"]) > 1 for each in sent)
    return found


def _bursts(account: Account, name: str) -> tuple[str, str]:
    """How many bursts there were in the channel, and how many of them were replied to."""
    chats = {row["chat_id"] for row in account.messages if row["channel_id"] == account.channel(name)}
    outcomes = [group["outcome"] for group in account.groups if group["chat_id"] in chats]
    return str(len(outcomes)), str(outcomes.count("replied"))


def conversations(evidence: Evidence, company: str, *, plain: bool) -> Iterator[RenderableType]:
    """The conversations of one bakery, as WhatsApp would show them; `plain` says in words what colour would."""
    for track in evidence.tracks:
        if track.bakery.company.name == company and track.conversation.chats:
            yield _conversation(track, evidence.track_messages(track), plain=plain)


def _conversation(track: Track, found: dict[str, Row], *, plain: bool) -> Panel:
    chats = {found[each]["chat_id"] for each in track.sent_at if each in found}
    rows = [row for row in found.values() if row["chat_id"] in chats]
    speakers = groupby(rows, key=lambda row: (row["sender_kind"], row["author"]))
    said = [_bubble(kind, author, list(lines), plain=plain) for (kind, author), lines in speakers]
    title = f"[bold]{track.conversation.title}[/]  [dim]{track.conversation.channel.upper()}[/]"
    return Panel(Group(*said), title=title, title_align="left", border_style="dim", padding=(0, 1))


def _bubble(kind: str, author: str, rows: list[Row], *, plain: bool) -> RenderableType:
    """What one side said in a row: the customer's on the left, ours on the right."""
    ours = kind != "contact"
    side: Literal["left", "right"] = "right" if ours else "left"
    style = {"bot": "green", "contact": "cyan"}.get(kind, "magenta")
    text = Text(VOICES.get(kind, kind) if ours else author or "somebody", style=f"bold {style}", justify=side)
    for row in rows:
        text.append(f"\n{_words(row)}", style="not bold default")
        if ours:
            text.append_text(_tick(row["status"], plain=plain))
    bubble = Table.grid()
    bubble.add_column(max_width=BUBBLE, justify=side)
    bubble.add_row(text)
    return Align(bubble, align=side)


def _words(row: Row) -> str:
    file = FILES.get(row["type"], "")
    length = f" {int(row['seconds']) // 60}:{int(row['seconds']) % 60:02}" if row["seconds"] else ""
    quote = "↩ " if row["quoted_message_id"] else ""
    return quote + " ".join(filter(None, (file + length if file else "", row["text"])))


def _tick(status: str, *, plain: bool) -> Text:
    sign, style = TICKS[status]
    return Text(f"  {sign} {status}" if plain else f"  {sign}", style=style)


def latency(accounts: list[Account]) -> str:
    """How long the relay took, from commit to publish acknowledged."""
    found = sorted(ms for account in accounts for ms in account.relay_ms)
    if len(found) < 2:  # noqa: PLR2004 - no percentiles of one
        return "The relay has published next to nothing."
    cuts = quantiles(found, n=20)
    return (
        f"Relay, commit → publish acknowledged: [bold]p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms[/] "
        f"(slowest {found[-1]:.0f} ms of {len(found)} events)"
    )


def files(accounts: list[Account]) -> str:
    """How many files were brought into the bucket, and how much that is."""
    kept = [row["bytes"] for account in accounts for row in account.messages if row["file"] == "stored"]
    return f"Files fetched from WAHA before it forgets them: [bold]{len(kept)}[/], {sum(kept) / 1e6:.1f} MB"


def past(found: Found) -> str:
    """What came over from the provider's memory, and how complete it is by now."""
    known, status = found.completeness, found.status
    return (
        f"Imported: [bold]{status['added']} messages[/] of {status['chats']} chats in {found.seconds:.1f} s "
        f"({status['known']} were here already)\n"
        f"{len(known['days'])} days: {known['expected']} messages expected = {known['present']} present + "
        f"[bold]{known['recovered']} recovered[/], {known['unknown']} unknown\n"
        f"Day by day and chat by chat: {found.picture.relative_to(ROOT)}"
    )


def verdict(checks: list[Check]) -> Iterator[str]:
    for check in checks:
        if check.holds:
            yield f"[green]✔[/] {check.sentence}"
        else:
            yield f"[bold red]✘[/] {check.sentence}: [red]{check.told}[/]"
