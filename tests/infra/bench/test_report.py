import io

from rich.console import Console

from infra.bench.figures import Figure, at_most
from infra.bench.report import document, table

FIGURES = [
    Figure(work="start", peer="bare", unit="ms", ours=150.0, theirs=100.0, aim=at_most(2.0)),
    Figure(work="memory", peer="bare", unit="MB", ours=90.0, theirs=60.0),
]


def test_the_document_names_the_machine_and_every_figure():
    told = document(FIGURES, 5)
    assert told["rounds"] == 5
    assert set(told["machine"]) == {"system", "processor", "cores", "python"}
    assert [each["work"] for each in told["figures"]] == ["start", "memory"]


def test_the_table_says_what_is_reached_and_what_is_only_reported():
    console = Console(file=io.StringIO(), width=140)
    console.print(table(FIGURES))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert any("start" in line and "1.50" in line and "reached" in line for line in lines)
    assert any("memory" in line and "reported" in line for line in lines)
