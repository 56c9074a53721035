"""`infra origins`: say from which origins' pages browsers may call the API for a tenant."""

import argparse
import os
from contextlib import closing
from uuid import UUID

from shared.runtime.postgres import Connections, sql
from shared.runtime.preflight import is_origin

_ADD = "insert into allowed_origins (tenant_id, origin) values (:tenant_id, :origin) on conflict do nothing"
_REMOVE = "delete from allowed_origins where tenant_id = :tenant_id and origin = :origin"
_LIST = "select origin from allowed_origins where tenant_id = :tenant_id order by origin"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tenant", type=UUID, help="the tenant's id")
    parser.add_argument("origin", nargs="?", help="as browsers write it: https://app.example.com")
    parser.add_argument("--remove", action="store_true", help="take it off the list")
    parser.add_argument("--database-url", default=os.environ.get("OWNER_DATABASE_URL"), help="the owner's connection")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.database_url:
        print("Say which database with --database-url or OWNER_DATABASE_URL; use the owner's role.")
        return 2
    if arguments.origin and not is_origin(arguments.origin):
        print("Write the origin as browsers do: https://app.example.com, in lower case, without a path.")
        return 2
    for origin in change(arguments.database_url, arguments.tenant, arguments.origin, remove=arguments.remove):
        print(origin)
    return 0


def change(owner_url: str, tenant_id: UUID, origin: str | None, *, remove: bool = False) -> list[str]:
    """Add an origin to a tenant's list, or take it off; return the list. Browsers remember an answer for two hours."""
    with closing(Connections(owner_url)) as owner:
        if origin:
            owner.run(sql(_REMOVE if remove else _ADD, tenant_id=tenant_id, origin=origin))
        return [str(row[0]) for row in owner.run(sql(_LIST, tenant_id=tenant_id))[0]]
