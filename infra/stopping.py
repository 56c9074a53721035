"""Being asked to stop, by Ctrl-C or SIGTERM: what was started is stopped on the way out."""

import signal
import sys
import threading
from typing import NoReturn

INTERRUPTED = 130
TERMINATED = 143
_asked: list[int] = []
_heard = threading.Event()


def listen() -> None:
    """From now on SIGTERM ends the process in order, too; and neither signal is ever forgotten."""
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, _hear)


def _hear(sign: int, _frame: object) -> NoReturn:
    _asked.append(sign)
    _heard.set()
    _end(sign)


def _end(sign: int) -> NoReturn:
    if sign == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(TERMINATED)


def heed() -> None:
    """End if it was asked for: what a signal raises may have been swallowed by whoever was at work just then."""
    if _asked:
        _end(_asked[0])


def wait() -> NoReturn:
    """Go on until it is asked for."""
    _heard.wait()
    _end(_asked[0])
