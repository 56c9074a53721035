"""The table of the operator's commands, and how one is run; this file itself needs the standard library only."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from infra import stopping

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(NamedTuple):
    """Where a command lives, the lock file it needs (None: the standard library is enough), and its line of help."""

    module: str
    lock: str | None
    help: str


COMMANDS = {
    "up": Command("infra.local.up", "demo", "run the whole local cloud until Ctrl-C"),
    "demo": Command("infra.demo.run", "demo", "play a recorded afternoon of WhatsApp traffic through it"),
    "test": Command("infra.test", "test", "run the tests; what follows goes to pytest"),
    "newest": Command("infra.newest", None, "run what a newer Python could break on the newest one of this machine"),
    "check": Command("infra.check", "test", "run every static check: style, types, layers, generated files"),
    "campaign": Command("infra.campaign", "test", "run one reliability campaign in its long form"),
    "bench": Command("infra.bench.run", "bench", "hold speed and memory against other servers and the aims"),
    "bundle": Command("infra.bundle.run", "test", "make what is deployed of each function; name what a change reaches"),
    "migrate": Command("infra.migrate", "demo", "bring a database's schema up or down"),
    "prepare": Command(
        "infra.prepare", "demo", "make an installation's secrets, roles and schema, as a job of the cloud"
    ),
    "publish": Command("infra.publish", "demo", "bring zips and images to the cloud, those that are new"),
    "smoke": Command("infra.smoke.run", "demo", "try an installation by its public door, as after each deploy"),
    "reach": Command("infra.reach", "test", "run a command against the database of an installation in the cloud"),
    "service-token": Command("infra.service_token", "demo", "make the token with which a service reads /metrics"),
    "estimate": Command("infra.estimate.run", "demo", "say what so many messages a day cost, and what gives way first"),
    "limits": Command("infra.limits", "demo", "say how often a tenant, or each of its people, may call"),
    "origins": Command("infra.origins", "demo", "say which web pages may call the API for a tenant"),
    "audit": Command("infra.audit", "demo", "hold a database against the rules that keep tenants apart"),
    "manifest": Command("infra.manifest", "demo", "write the list of all functions, read from their declarations"),
    "openapi": Command("infra.openapi", "demo", "write the OpenAPI description of the API"),
    "gateway": Command("infra.gateway", "demo", "write what the public gateway must know of the API"),
    "events": Command("infra.catalogue", "demo", "write the catalogue of events with their JSON Schemas"),
    "lock": Command("infra.lock", None, "make the lock files again from pyproject.toml"),
}


def usage() -> str:
    lines = (f"  {name:<13} {command.help}" for name, command in COMMANDS.items())
    return "\n".join(
        (
            "usage: python3 -m infra COMMAND [options]",
            "",
            *lines,
            "",
            "`python3 -m infra COMMAND --help` tells a command's options.",
        ),
    )


def main(argv: list[str]) -> int:
    """Run the command that `argv` names and return the exit code; 130 after Ctrl-C, 143 after SIGTERM."""
    stopping.listen()
    try:
        return run(*argv)
    except KeyboardInterrupt:
        return stopping.INTERRUPTED


def run(name: str, *argv: str) -> int:
    module = import_module(COMMANDS[name].module)
    about = COMMANDS[name].help
    title = f"{about[0].upper()}{about[1:]}."
    parser = argparse.ArgumentParser(prog=f"python3 -m infra {name}", description=title, allow_abbrev=False)
    module.add_arguments(parser)
    return int(module.run(parse(parser, argv)))


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse strictly, unless the command declared that it passes the rest on (`set_defaults(rest=[])`)."""
    arguments, rest = parser.parse_known_args(argv)
    if rest and not hasattr(arguments, "rest"):
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if hasattr(arguments, "rest"):
        arguments.rest = rest
    return arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
