import ast
import subprocess
import sys

import pytest

from infra.bundle.fingerprint import digest, meaning
from infra.bundle.sources import Sources
from infra.environment import ROOT
from infra.pythons import newest

BEFORE = '''
"""A module."""


class Greeting:
    """What is said."""

    def say(self, name: str) -> str:
        """Say it."""
        return f"hello {name!r:>{10}} {{}}" if name else "bye" """, then"""
'''
SAME = [
    BEFORE.replace("A module", "One module"),
    BEFORE.replace('"""Say it."""', ""),
    BEFORE.replace("class", "# as people do\n\nclass"),
    BEFORE.replace('"hello', "'hello").replace('{{}}"', "{{}}'"),
    BEFORE.replace('return f"', 'return (f"').replace('then"""', 'then""")'),
]
OTHER = [
    BEFORE.replace("bye", "farewell"),
    BEFORE.replace("say(self, name", "say(self, who"),
    BEFORE.replace(":>{10}", ":>{11}"),
    BEFORE.replace("!r", ""),
    BEFORE.replace('"""What is said."""', "x = 1"),
    BEFORE.replace("-> str", "-> object"),
]
ALL = """
import ast, sys
from infra.bundle.fingerprint import digest, meaning
from infra.bundle.sources import Sources
sources = Sources.here()
print(digest({path: meaning(ast.parse(sources.files[path])) for path in sources.modules.values()}))
"""


def of(text):
    return meaning(ast.parse(text))


@pytest.mark.parametrize("text", SAME)
def test_what_does_the_same_has_the_same_fingerprint(text):
    assert text != BEFORE
    assert of(text) == of(BEFORE)


@pytest.mark.parametrize("text", OTHER)
def test_what_does_something_else_has_another(text):
    assert text != BEFORE
    assert of(text) != of(BEFORE)


@pytest.mark.parametrize(("one", "other"), [("1", "1.0"), ("0", "False"), ("'1'", "1"), ("[]", "()"), ("x()", "x")])
def test_values_that_look_alike_are_told_apart(one, other):
    assert of(one) != of(other)


def test_a_part_cannot_pass_for_another():
    assert digest({"a": "1", "b": "2"}) != digest({"a": "1b\x001\x002"})
    assert digest({"a": "1"}) == digest({"a": b"1"}) != digest({"b": "1"})


def test_the_newest_python_computes_the_same():
    if not newest().is_newer:
        pytest.skip("there is no newer Python here")
    asked = (
        subprocess.check_output((path, "-c", ALL), cwd=ROOT, text=True) for path in (sys.executable, newest().path)
    )
    ours, theirs = asked
    assert ours == theirs


def test_every_file_of_ours_has_a_fingerprint_of_its_own():
    sources = Sources.here()
    texts = {sources.files[path] for path in sources.modules.values() if sources.files[path].strip()}
    assert len({of(text) for text in texts}) == len(texts)
