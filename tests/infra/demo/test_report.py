import io

import pytest
from rich.console import Console

from infra.demo import report
from infra.demo.checks import Check
from tests.infra.demo.evidence import evidence


@pytest.fixture
def out() -> Console:
    return Console(file=io.StringIO(), width=80, highlight=False)


def shown(out: Console) -> str:
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_a_conversation_shows_who_said_what_and_how_far_it_came(out):
    for panel in report.conversations(evidence(), "Padaria Aurora", plain=True):
        out.print(panel)
    lines = [line.strip("│ ") for line in shown(out).splitlines()]
    assert lines[1:-1] == ["Ana", "oi", "Bia, the bot", "R$ 45  ✓✓ read", "the owner, on the phone", "oi  ✓ sent"]
    assert "Uma conversa" in lines[0]


def test_files_are_shown_as_what_they_are(out):
    found = evidence()
    found.accounts[0].messages[0] |= {"type": "voice", "text": None, "seconds": "72"}
    for panel in report.conversations(found, "Padaria Aurora", plain=True):
        out.print(panel)
    assert "🎤 voice 1:12" in shown(out)


def test_deliveries_add_up(out):
    found = evidence()
    out.print(report.deliveries(found.accounts[0], found.outside))
    row = next(line.split() for line in shown(out).splitlines() if "GOWS" in line)
    assert row == ["GOWS", "3", "1", "1", "1", "0", "1", "1", "1"]
    assert max(map(len, shown(out).splitlines())) <= 80


def test_the_relays_latency_is_told_in_percentiles():
    assert "p50 8 ms" in report.latency(evidence().accounts)
    assert "next to nothing" in report.latency([])


def test_the_verdict_says_what_does_not_hold():
    good, bad = Check(sentence="all is well", problems=[]), Check(sentence="it adds up", problems=["1 is missing"])
    lines = list(report.verdict([good, bad]))
    assert "✔" in lines[0]
    assert "✘" in lines[1]
    assert "1 is missing" in lines[1]


def test_without_a_terminal_progress_is_lines(out):
    with report.running(out, 41) as running:
        for _ in range(41):
            running.delivered()
    assert [line.strip() for line in shown(out).splitlines()] == [
        "20 of 41 deliveries",
        "40 of 41 deliveries",
        "41 of 41 deliveries",
    ]


def test_on_a_terminal_progress_is_a_bar():
    out = Console(file=io.StringIO(), width=80, force_terminal=True)
    with report.running(out, 2) as running:
        running.delivered()
        running.tell("a word")
    assert "Playing the afternoon" in shown(out)
    assert "a word" in shown(out)
