"""`infra service-token`: make the token with which a service, such as Prometheus, reads `/metrics`."""

import argparse
import sys
from datetime import timedelta

from shared.runtime.services import LONGEST, issue_service_token
from shared.runtime.settings import settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="whose it is, as in prometheus")
    parser.add_argument("--days", type=int, default=LONGEST.days, help=f"how long it holds ({LONGEST.days} at most)")
    parser.epilog = "It reads TOKEN_ISSUER, TOKEN_SIGNING_KEY and TOKEN_PUBLIC_KEYS from the environment."


def run(arguments: argparse.Namespace) -> int:
    known = settings()
    if not known.token_signing_key or not known.token_public_keys:
        sys.stderr.write("Say which keys in TOKEN_SIGNING_KEY and TOKEN_PUBLIC_KEYS, or name files in their _FILEs.\n")
        return 2
    try:
        print(issue_service_token(arguments.name, timedelta(days=arguments.days), known))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0
