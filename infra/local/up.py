"""`infra up`: run the whole local cloud until Ctrl-C."""

import argparse
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from infra import stopping
from infra.environment import ROOT
from infra.local.cloud import OWNER, LocalCloud
from infra.local.first_tenant import WAHA_SESSION, FirstTenant, Host, greeting, webhook_url
from infra.local.keys import make_keys
from infra.manifest import ManifestError
from shared.runtime.services import issue_service_token
from shared.runtime.settings import Settings

__all__ = ["LocalCloud", "add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=ROOT / ".ventros", help="where everything is kept (.ventros)")
    parser.add_argument("--port", type=int, default=8080, help="where the API answers (8080)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON when it is ready, and nothing else")
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="HOST:PORT",
        help="a host that is not public or not https, which channels may yet be connected to; repeatable",
    )
    parser.add_argument("--major", type=int, default=18, choices=(18, 16), help="the version of Postgres (18)")
    parser.add_argument("--without-fake-waha", action="store_true", help="start no fake WAHA")


def run(arguments: argparse.Namespace) -> int:
    console = Console(stderr=True, quiet=arguments.json, highlight=False)
    cloud = LocalCloud(
        arguments.data,
        arguments.port,
        allowed_hosts=tuple(arguments.allow_host),
        major=arguments.major,
        fake_waha=not arguments.without_fake_waha,
        tell=lambda sentence: console.print(sentence, style="dim"),
    )
    try:
        with cloud:
            tenant = Host(cloud).welcome()
            stopping.heed()
            print(json.dumps(facts(cloud, tenant)), flush=True) if arguments.json else show(cloud, tenant)
            stopping.wait()
    except (RuntimeError, ManifestError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


def facts(cloud: LocalCloud, tenant: FirstTenant) -> dict[str, Any]:
    """All that a program needs to use this cloud."""
    return {
        "base_url": cloud.base_url,
        "database_url": cloud.database_url("ventros_app"),
        "owner_database_url": cloud.database_url(OWNER),
        "admin": {"email": tenant.email, "password": tenant.password, "api_key": tenant.api_key},
        "service_token": service_token(cloud),
        "waha_webhook_url": webhook_url(cloud, tenant),
        "waha_hmac_key": tenant.waha_hmac_key,
        "fake_waha_url": cloud.fake_waha_url,
        "pids": cloud.pids,
    }


def service_token(cloud: LocalCloud) -> str:
    """What opens `/metrics` for a day."""
    keys = make_keys(cloud.data)
    known = Settings(
        token_issuer=cloud.base_url,
        token_signing_key=keys.token_signing_key,
        token_public_keys=keys.token_public_keys,
    )
    return issue_service_token("local", timedelta(days=1), known)


def show(cloud: LocalCloud, tenant: FirstTenant) -> None:
    """The same for a person, with something to try."""
    console = Console(highlight=False, soft_wrap=True)
    rows = {
        "API": cloud.base_url,
        "its documents": f"{cloud.base_url}/docs" if cloud.has_function("get_docs") else "",
        "sign in as": f"{tenant.email}  {tenant.password}",
        "API key": tenant.api_key,
        "WAHA delivers to": webhook_url(cloud, tenant),
        "signed with": tenant.waha_hmac_key,
        "fake WAHA": cloud.fake_waha_url,
        "database": cloud.database_url("ventros_app"),
        "kept in": str(cloud.data),
    }
    console.print("\n[bold green]The local cloud is running.[/]\n")
    for name, value in rows.items():
        if value:
            console.print(f"[bold]{name:<18}[/] {value}")
    console.print("\nTry:")
    console.print(f"  curl -H 'X-API-Key: {tenant.api_key}' {cloud.base_url}/api/v1/auth/profile")
    console.print(f"  curl -H 'Authorization: Bearer {service_token(cloud)}' {cloud.base_url}/metrics")
    if cloud.fake_waha:
        console.print(
            f"  {write_to_us(cloud)}", f"  curl {cloud.fake_waha_url}/_fake/sent   # the reply, 15 s later", sep="\n"
        )
    console.print("\nCtrl-C stops it; everything is kept for the next start.")


def write_to_us(cloud: LocalCloud) -> str:
    """The command by which a customer writes to the first tenant through the fake WAHA."""
    file = cloud.data / "message.json"
    file.write_text(json.dumps(greeting(), indent=2, ensure_ascii=False))
    deliver = f"{cloud.fake_waha_url}/_fake/sessions/{WAHA_SESSION}/deliver"
    return f"curl -H 'Content-Type: application/json' -d @{file} {deliver}"
