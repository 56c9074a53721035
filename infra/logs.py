"""Where functions log that a command of the operator's runs in its own process."""

import logging
import sys

from shared.runtime.telemetry import log


def beside() -> None:
    """Have them log to standard error: standard output is for what the command itself tells."""
    log.addHandler(logging.StreamHandler(sys.stderr))
