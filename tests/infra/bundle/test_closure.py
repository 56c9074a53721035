import pytest

from infra.bundle.closure import Code
from infra.bundle.sources import BundleError
from tests.infra.bundle.small import small

GREET = [
    "functions/__init__.py",
    "functions/crm/__init__.py",
    "functions/crm/greet.py",
    "shared/__init__.py",
    "shared/runtime/__init__.py",
    "shared/runtime/http.py",
    "shared/runtime/words.py",
]


def reached(changes=None, name="functions.crm.greet"):
    return Code(small(changes)).closure(name)


def greeting(text):
    return {"functions/crm/greet.py": text}


def test_a_closure_holds_what_is_reached_the_packages_above_it_and_nothing_else():
    assert list(reached().paths) == GREET


def test_imports_that_lead_in_a_circle_come_to_an_end():
    circle = {"shared/runtime/words.py": "import functions.crm.greet\n"}
    assert list(reached(circle).paths) == GREET


@pytest.mark.parametrize(
    "text",
    [
        "def greet():\n    from shared.beside import anything\n",
        "class Greet:\n    if 1:\n        import shared.beside as there\n",
        "try:\n    from shared import beside\nexcept ImportError:\n    pass\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import shared.beside\n",
    ],
)
def test_an_import_counts_wherever_it_stands(text):
    assert "shared/beside.py" in reached(greeting(text)).paths


@pytest.mark.parametrize("line", ["import shared.beside", "from shared.beside import anything"])
def test_what_only_the_checker_of_types_reads_does_not_count(line):
    text = f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    {line}\n"
    assert "shared/beside.py" not in reached(greeting(text)).paths


@pytest.mark.parametrize("line", ["import shared.gone", "from shared import gone", "from shared.gone import it"])
def test_an_import_of_ours_that_leads_nowhere_is_an_error(line):
    with pytest.raises(BundleError, match=r"gone.* is imported, and there is no such module"):
        reached(greeting(line))


def test_libraries_are_told_by_their_full_names_and_the_standard_library_is_none():
    text = "import json, os.path\nimport jwt\nfrom google.cloud import tasks_v2\nfrom flask import Request\n"
    assert reached(greeting(text)).libraries == {"jwt", "google.cloud.tasks_v2", "flask.Request"}


DATA = {
    "shared/pages/__init__.py": "",
    "shared/pages/hello.html": "<p>",
    "shared/pages/bye.html": "<p>",
}


def test_data_comes_along_where_its_package_is_imported_and_its_name_is_said():
    text = 'from shared import pages\nplace = (pages, "hello.html")\n'
    paths = reached(DATA | greeting(text)).paths
    assert "shared/pages/hello.html" in paths
    assert "shared/pages/bye.html" not in paths


@pytest.mark.parametrize("text", ['place = "hello.html"\n', "from shared import pages\n"])
def test_neither_its_name_nor_its_package_brings_data_alone(text):
    assert "shared/pages/hello.html" not in reached(DATA | greeting(text)).paths
