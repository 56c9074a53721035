"""Doing a transaction's work again when it lost a race or its connection."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from shared.kernel.errors import Conflict, Unavailable
from shared.runtime.postgres import Undecided, is_lost, is_retryable, is_silent

R = TypeVar("R")

ATTEMPTS = 6


class Stale(Exception):
    """An aggregate was changed by somebody else between being read and being written."""


class Crowded(Conflict):
    """The work lost its race each time it was tried; nothing is wrong with it, and later it may win."""


def retried(work: Callable[[], R], *, once: bool = False) -> R:
    """Do the work; after a deadlock, a lost race or a lost connection do it again, a few times, with pauses.

    The work must change nothing but the database. `once`: it does not know itself again, so it is not repeated
    when nobody knows whether it was done. Raises Crowded or Unavailable when it never succeeds.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if once and isinstance(error, Undecided):
                raise _unknown() from error
            if not _passes(error):
                raise
        time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311 - jitter, not a secret
    try:
        return work()
    except Exception as error:
        if not _passes(error):
            raise
        raise _given_up(error, once=once) from error


def _passes(error: Exception) -> bool:
    return isinstance(error, Stale) or is_retryable(error) or (is_lost(error) and not is_silent(error))


def _unknown() -> Unavailable:
    return Unavailable(
        "the database was lost while this was being saved; look whether it was before you send it again",
        code="outcome_unknown",
    )


def _given_up(error: Exception, *, once: bool) -> Exception:
    if once and isinstance(error, Undecided):
        return _unknown()
    if is_lost(error):
        return Unavailable("the database cannot be reached just now; try again shortly")
    return Crowded("somebody else changed the same thing at the same time; look at it again and retry")
