"""Alerts, the log lines that they stand on, and the runbooks that they lead to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import cli
from infra.environment import ROOT
from tests.support.pooler import written

MODULE = ROOT / "terraform/modules/observability"
RUNBOOKS = ROOT / "infra/runbooks"
NOT_OURS = {"README"}
# A budget is no alert of Monitoring's, and has its runbook all the same.
BUDGET = "cost-budget"


def table(file: str, name: str) -> str:
    """The text of one of the module's tables."""
    return (MODULE / file).read_text().partition(f"\n  {name} = {{\n")[2].partition("\n  }\n")[0]


def entries(text: str) -> dict[str, str]:
    """The entries of a table by their names."""
    parts = re.split(r"^    ([\w-]+) += \{$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def fields(entry: str) -> dict[str, str]:
    found = re.findall(r'^\s+(\w+) += "((?:[^"\\]|\\.)*)"$', entry, re.MULTILINE)
    return {name: value.replace('\\"', '"') for name, value in found}


ALERTS = entries(table("alerts.tf", "alerts"))
LINES = {name: fields(entry) for name, entry in entries(table("lines.tf", "lines")).items()}


def calls(file: Path) -> Iterator[tuple[str, frozenset[str]]]:
    """The texts that a file logs, each with the names of its fields."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("say", "Seldom"):
            names = frozenset(word.arg for word in node.keywords if word.arg)
            yield from ((text, names) for text in texts(node.args[0], tree))


def texts(said: ast.expr, tree: ast.Module) -> Iterator[str]:
    """The text itself, or that of the file's own constant."""
    if isinstance(said, ast.Constant):
        yield str(said.value)
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Constant) and isinstance(said, ast.Name):
            yield from (str(line.value.value) for name in line.targets if ast.unparse(name) == said.id)


@pytest.fixture(scope="module")
def logged() -> dict[str, set[str]]:
    """What the code logs: the fields by text."""
    found: dict[str, set[str]] = {}
    for folder in ("functions", "shared"):
        for file in (ROOT / folder).rglob("*.py"):
            for text, names in calls(file):
                found.setdefault(text, set()).update(names)
    pools = re.findall(r'\\"(\w+)\\": (?:\\"(\w+)\\")?', written("REPORT"))
    found[next(value for name, value in pools if name == "message")] = {name for name, _ in pools}
    return found


def test_there_are_alerts_and_lines():
    assert len(ALERTS) >= 12
    assert len(LINES) >= 8


@pytest.mark.parametrize("name", LINES)
def test_what_is_counted_is_really_logged(name, logged):
    line = LINES[name]
    assert line["message"] in logged
    asked = {line["value"]} if "value" in line else set()
    asked |= set(re.findall(r"jsonPayload\.(\w+)", line.get("also", "")))
    assert asked <= logged[line["message"]]


def test_a_line_that_nobody_writes_would_be_found(logged):
    assert "kept as a dead lettre" not in logged
    assert "waiting" not in logged["kept as a dead letter"]


def test_what_functions_log_as_spans_is_what_the_router_carries(logged):
    asked = re.findall(r'jsonPayload\.message = \\"(\w+)\\"', (MODULE / "traces.tf").read_text())
    assert len(asked) == 1
    assert "span" in logged[asked[0]]


def test_each_alert_has_its_runbook_and_each_runbook_its_alert():
    assert {file.stem for file in RUNBOOKS.glob("*.md")} - NOT_OURS == {*ALERTS, BUDGET}


@pytest.mark.parametrize("name", [*ALERTS, BUDGET])
def test_a_runbook_is_short_and_says_what_to_do(name):
    text = (RUNBOOKS / f"{name}.md").read_text()
    assert all(f"**{part}" in text for part in ("Look.", "Then.", "Over"))
    assert len(text.splitlines()) <= 40
    linked = re.findall(r"\]\((\S+?\.md)\)", text)
    assert all((RUNBOOKS / link).exists() for link in linked)
    assert f"[{name}]({name}.md)" in (RUNBOOKS / "README.md").read_text()
    commands = set(re.findall(r"python3 -m infra (\w+)", text))
    assert commands <= {*cli.COMMANDS, "estimate"}


@pytest.mark.parametrize("name", [*ALERTS, BUDGET])
def test_a_runbook_names_only_log_lines_settings_and_functions_that_there_are(name, logged):
    text = (RUNBOOKS / f"{name}.md").read_text()
    quoted = re.findall(r'jsonPayload\.message="([^"]+)"', text)
    assert set(quoted) <= set(logged)
    variables = (ROOT / "terraform/variables.tf").read_text()
    settings = re.findall(r"`(pooler|database|instances)\.(\w+)", text)
    assert all(re.search(rf"\b{field}\b", variables) for _, field in settings)
