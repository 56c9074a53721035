import argparse
import os
import signal
import subprocess

import pytest

from infra import cli
from infra.environment import LOCKS
from tests.infra.programs import start


def parser(**defaults):
    made = argparse.ArgumentParser(allow_abbrev=False)
    made.add_argument("--flag", action="store_true")
    made.set_defaults(**defaults)
    return made


def test_every_command_names_a_lock_that_exists():
    needed = {command.lock for command in cli.COMMANDS.values() if command.lock}
    assert all((LOCKS / f"{lock}.txt").is_file() for lock in needed)


def test_a_command_that_passes_the_rest_on_gets_it_in_order():
    arguments = cli.parse(parser(rest=[]), ["tests/kernel", "-k", "money", "-n", "0", "--flag"])
    assert arguments.rest == ["tests/kernel", "-k", "money", "-n", "0"]
    assert arguments.flag


def test_any_other_command_refuses_what_it_does_not_know(capsys):
    with pytest.raises(SystemExit) as refused:
        cli.parse(parser(), ["--unknown"])
    assert refused.value.code == 2
    assert "unrecognized arguments: --unknown" in capsys.readouterr().err


WAITING = """
import sys, time, types
from infra import cli
def run(arguments):
    try:
        print("waiting", flush=True)
        time.sleep(60)
    finally:
        print("cleaned up", flush=True)
sys.modules["waiting"] = types.SimpleNamespace(add_arguments=lambda parser: None, run=run)
cli.COMMANDS["wait"] = cli.Command("waiting", None, "wait")
sys.exit(cli.main(["wait"]))
"""


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_command_in_order(sign, code):
    with start("-c", WAITING, stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        assert command.stdout.readline() == "waiting\n"
        os.kill(command.pid, sign)
        assert command.stdout.read() == "cleaned up\n"
        assert command.wait(10) == code
