import os
import signal
import subprocess

import pytest

from tests.infra.programs import start

SWALLOWING = """
import contextlib, sys, time
from infra import stopping
stopping.listen()
with contextlib.suppress(BaseException):
    print("starting", flush=True)
    time.sleep(60)
print("started", flush=True)
try:
    stopping.{then}()
except KeyboardInterrupt:
    sys.exit(stopping.INTERRUPTED)
print("went on", flush=True)
"""


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("then", ["heed", "wait"])
def test_what_somebody_swallows_is_heard_later(sign, code, then):
    with start("-c", SWALLOWING.replace("{then}", then), stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "starting\n"
        os.kill(program.pid, sign)
        assert program.stdout.read() == "started\n"
        assert program.wait(10) == code


def test_who_was_not_asked_goes_on():
    code = "from infra import stopping; stopping.listen(); stopping.heed(); print('went on')"
    with start("-c", code, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.read() == "went on\n"
