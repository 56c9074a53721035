"""Who makes bundles finds all that they hold in the environment that the command gets."""

import re
import tomllib

import pytest

from infra.cli import COMMANDS
from infra.environment import LOCKS, ROOT

MAKERS = ("bundle", "bench", "campaign", "test")


def locked(name):
    return set(re.findall(r"^([a-z0-9._-]+)==", (LOCKS / f"{name}.txt").read_text(), re.MULTILINE))


def named(requirements):
    """The names alone, without versions and extras."""
    return {re.split(r"[^a-z0-9-]", each, maxsplit=1)[0] for each in requirements}


@pytest.mark.parametrize("command", MAKERS)
def test_what_a_function_may_import_is_in_the_lock_of_whoever_makes_bundles(command):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = named([*project["project"]["dependencies"], *project["dependency-groups"]["providers"]])
    assert needed <= locked(COMMANDS[command].lock)
