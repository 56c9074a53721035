"""`infra smoke`: try an installation by its public door, as after each deploy."""

import argparse
import os
import sys
from collections.abc import Iterable

import httpx

from infra.smoke.checks import CHECKS, Check
from infra.smoke.visit import SECONDS, Broken, Visit

NOBODY = "https://example.com"  # public, always there, and no WAHA: the reply fails there, after the whole way
SECRET = "smoke_password"  # noqa: S105 - a name, not a secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", required=True, help="the public address, as in https://api.example.com")
    parser.add_argument("--project", help=f"the Google Cloud project whose secret {SECRET} opens the test's account")
    parser.add_argument("--waha-url", default=NOBODY, help=f"where replies are sent ({NOBODY}, which refuses them)")
    parser.add_argument("--patience", type=float, default=90.0, help="seconds for what happens behind the door (90)")
    parser.epilog = "Without --project, SMOKE_PASSWORD in the environment opens the account; its first use makes it."


def run(arguments: argparse.Namespace) -> int:
    secret = password(arguments.project)
    if not secret:
        sys.stderr.write("Say with --project whose secret to use, or set SMOKE_PASSWORD to 10 letters or more.\n")
        return 2
    url = arguments.url.rstrip("/")
    with httpx.Client(base_url=url, timeout=SECONDS, trust_env=False) as api:
        visit = Visit(api, secret, arguments.waha_url, arguments.patience)
        failed = tried(visit, CHECKS)
    print(f"\n{failed} of {len(CHECKS)} checks failed." if failed else f"\nAll {len(CHECKS)} checks hold.")
    return 1 if failed else 0


def password(project: str | None) -> str | None:
    if project is None:
        return os.environ.get("SMOKE_PASSWORD")
    from infra.cloud.google import Vault, session

    return Vault(session(), project).latest(SECRET)


def tried(visit: Visit, checks: Iterable[Check]) -> int:
    """Make each check, print a line for it, and return how many do not hold."""
    failed = 0
    for check in checks:
        try:
            check.run(visit)
            print(f"✔ {check.sentence}", flush=True)
        except Broken as error:
            failed += 1
            print(f"✘ {check.sentence}: {error}", flush=True)
    return failed
