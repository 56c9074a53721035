"""`python3 -m infra`: make the project's environment when it is missing, and go on inside it; any Python will do."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

OLDEST = (3, 11)


def too_old(version: tuple[int, ...]) -> str | None:
    """Return the sentence for a Python that is too old, None for one that will do."""
    if version >= OLDEST:
        return None
    found = ".".join(map(str, version[:2]))
    return f"Ventros CRM needs Python 3.11 or newer and this is {found}; run it as `python3.11 -m infra` or newer."


def main(argv: list[str]) -> int:
    """Answer by ourselves what needs no environment; for the rest become the environment's Python."""
    if complaint := too_old(sys.version_info[:2]):
        sys.stderr.write(f"{complaint}\n")
        return 1
    # An old Python must hear the sentence above first, so nothing of ours is imported before it.
    from infra import cli

    if not argv or argv[0] in ("-h", "--help", "help"):
        print(cli.usage())
        return 0
    if argv[0] not in cli.COMMANDS:
        sys.stderr.write(f"There is no command `{argv[0]}`.\n\n{cli.usage()}\n")
        return 2
    lock = cli.COMMANDS[argv[0]].lock
    if lock is None:
        return cli.main(argv)
    python = prepare(lock)
    return python if isinstance(python, int) else become(python, argv)


def prepare(lock: str) -> str | int:
    """Return the environment's Python, or the exit code when it cannot be made."""
    from infra import environment

    try:
        return str(environment.ensure(environment.folder(), lock))
    except environment.SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; the next start begins the set-up anew.\n")
        return 130


def become(python: str, argv: list[str]) -> NoReturn:
    """Replace this process by the environment's Python, running the same command."""
    from infra.environment import environment

    os.execve(python, [python, "-m", "infra.cli", *argv], environment())  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
