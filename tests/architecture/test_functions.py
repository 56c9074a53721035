import ast
import re

import pytest

from shared.runtime.declarations import declaration_of
from shared.runtime.http import Endpoint
from tests.support.functions import ROOT, all_functions, declared, files, module_name

FILES = [pytest.param(file, id=module_name(file)) for file in files()]


def test_every_function_can_be_imported_and_is_declared():
    names = [declaration_of(function).name for function in all_functions()]
    assert names == [file.stem for file in files()]


@pytest.mark.parametrize("file", FILES)
def test_a_file_declares_one_function_named_as_the_file(file):
    decorated = [
        node.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.decorator_list
    ]
    assert decorated == [file.stem]


@pytest.mark.parametrize("file", FILES)
def test_a_function_is_named_verb_noun(file):
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", file.stem)


@pytest.mark.parametrize("file", FILES)
def test_a_function_has_tests_at_the_same_place(file):
    mirror = ROOT / "tests" / file.relative_to(ROOT).parent / f"test_{file.name}"
    assert mirror.exists(), f"write {mirror.relative_to(ROOT)}"


def test_every_endpoint_says_what_it_does_in_a_sentence():
    unsaid = [spec.name for spec in declared(Endpoint) if not re.fullmatch(r"[A-Z].*\.", spec.summary)]
    assert unsaid == []
