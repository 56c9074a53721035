"""`infra reach`: run a command against the database of an installation, from a machine that reaches its network."""

import argparse
import os
import subprocess
import sys
from urllib.parse import urlsplit

from infra import stopping
from infra.cloud.google import SCOPE, Vault, session
from infra.cloud.tunnel import HOST, Tunnel, opened

SECRET = "owner_database_url"  # noqa: S105 - a name, not a secret
EXAMPLE = "python3 -m infra reach my-project:southamerica-east1:ventros audit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("instance", metavar="PROJECT:REGION:NAME", help="the Cloud SQL instance")
    parser.add_argument("--public", action="store_true", help="by its public address, where it has one")
    parser.epilog = f"The command follows: {EXAMPLE}. Without one, the way stays open until Ctrl-C."
    parser.set_defaults(rest=[])


def run(arguments: argparse.Namespace) -> int:
    import google.auth

    project = arguments.instance.partition(":")[0]
    url = Vault(session(), project).latest(SECRET)
    if url is None:
        sys.stderr.write(f"There is no secret {SECRET} in {project}: the migration job makes it.\n")
        return 1
    credentials, _ = google.auth.default(scopes=[SCOPE])
    with opened(Tunnel(arguments.instance, credentials, public=arguments.public)) as port:
        return follow(local(url, port), arguments.rest)


def local(url: str, port: int) -> str:
    """The same role and database by the tunnel's port, which looks at certificates in our place."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.username}:{parts.password}@{HOST}:{port}{parts.path}"


def follow(url: str, command: list[str]) -> int:
    """Run a command of ours on that database, or say where it is and wait."""
    if not command:
        print(url, flush=True)
        stopping.wait()
    environment = {**os.environ, "OWNER_DATABASE_URL": url}
    environment.pop("DATABASE_CA", None)
    return subprocess.run((sys.executable, "-m", "infra.cli", *command), env=environment, check=False).returncode
