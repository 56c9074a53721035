"""`infra limits`: say how often a tenant, or each of its people, may call."""

import argparse
import os
from contextlib import closing
from uuid import UUID

from shared.runtime.declarations import Limit
from shared.runtime.limits import PER_USER
from shared.runtime.postgres import Connections, sql

SCOPES = ("user", "tenant")
_SET = """
insert into rate_limits (tenant_id, limit_group, scope, per_minute)
values (:tenant_id, :limit_group, :scope, :per_minute)
on conflict (tenant_id, limit_group, scope) do update set per_minute = excluded.per_minute
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("tenant", type=UUID, help="the tenant's id")
    parser.add_argument("group", choices=[each.value for each in PER_USER], help="which calls")
    parser.add_argument("per_minute", type=int, help="how many a minute")
    parser.add_argument("--tenant-wide", action="store_true", help="for all its people together, not for each")
    parser.add_argument("--database-url", default=os.environ.get("OWNER_DATABASE_URL"), help="the owner's connection")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.database_url:
        print("Say which database with --database-url or OWNER_DATABASE_URL; use the owner's role.")
        return 2
    if not 1 <= arguments.per_minute <= 1_000_000:  # noqa: PLR2004 - as the table has it
        print("Choose a rate between 1 and 1000000 a minute.")
        return 2
    scope = SCOPES[arguments.tenant_wide]
    set_rates(arguments.database_url, arguments.tenant, {Limit(arguments.group): arguments.per_minute}, scope=scope)
    print("It holds within half a minute.")
    return 0


def set_rates(owner_url: str, tenant_id: UUID, rates: dict[Limit, int], *, scope: str = "user") -> None:
    """Write a tenant's own rates; functions read them anew every half minute."""
    with closing(Connections(owner_url)) as owner:
        for group, per_minute in rates.items():
            values = {"limit_group": group.value, "scope": scope, "per_minute": per_minute}
            owner.run(sql(_SET, tenant_id=tenant_id, **values))
