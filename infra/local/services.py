"""One long-lived service as a process of its own: `python -m infra.local.services relay_outbox`."""

import argparse
from importlib import import_module

from shared.runtime.service import run_service


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.local.services", description=__doc__)
    parser.add_argument("name", help="the name of a function in functions/services")
    name: str = parser.parse_args().name
    run_service(getattr(import_module(f"functions.services.{name}"), name))


if __name__ == "__main__":
    main()
