"""The process that ends a supervisor's children once the supervisor is gone; run by path, standard library only."""

import os
import signal
import sys
import time
from contextlib import suppress


def alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    return True


def send(group: int, sign: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, sign)


def main(grace: float) -> None:
    """Read lines of `group signal` (0: forget it) until the writer is gone; then signal, wait, and kill."""
    watched: dict[int, int] = {}
    for line in sys.stdin:
        group, sign = map(int, line.split())
        watched[group] = sign
        if not sign:
            del watched[group]
    for group, sign in watched.items():
        send(group, sign)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and any(map(alive, watched)):
        time.sleep(0.02)
    for group in watched:
        send(group, signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]))
