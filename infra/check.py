"""`infra check`: run every static check, each with a line of result, and go on after a failure."""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.environment import ROOT
from infra.local.process import clean_environment

CLOUDBUILD = ("--builtin-schema", "vendor.cloudbuild")
IMPORTS = "from importlinter.cli import lint_imports_command as check; check()"


@dataclass(frozen=True)
class Check:
    """One program that exits with 0 when all is well; `skipped` says why it cannot run here."""

    name: str
    command: tuple[str, ...]
    skipped: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("only", nargs="*", metavar="NAME", help="run only the checks whose names hold one of these")


def run(arguments: argparse.Namespace) -> int:
    chosen = [check for check in checks(ROOT) if matches(check, arguments.only)]
    if not chosen:
        sys.stderr.write(f"No check is named so; there are: {', '.join(check.name for check in checks(ROOT))}.\n")
        return 2
    return run_all(chosen)


def matches(check: Check, parts: list[str]) -> bool:
    return not parts or any(part in check.name for part in parts)


def checks(root: Path) -> list[Check]:
    """List what is checked; only a program from outside the lock file may be skipped for not being here."""
    return [
        Check("ruff", module("ruff", "check", "--quiet")),
        Check("format", module("ruff", "format", "--check", "--quiet")),
        Check("types", module("mypy")),
        Check("layers", (sys.executable, "-c", IMPORTS, "--no-logo")),
        Check("manifest", module("infra.cli", "manifest", "--check")),
        Check("openapi", module("infra.cli", "openapi", "--check")),
        Check("gateway", module("infra.cli", "gateway", "--check")),
        Check("events", module("infra.cli", "events", "--check")),
        Check("bundles", module("infra.cli", "bundle", "--check")),
        Check("cloudbuild", module("check_jsonschema", *CLOUDBUILD, "cloudbuild.yaml")),
        *terraform(root / "terraform"),
        checkov(),
    ]


def module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


def terraform(folder: Path) -> Iterator[Check]:
    """Check the form, and the meaning and the plan where the providers have been fetched (`terraform init`)."""
    program = shutil.which("terraform")
    if not any(folder.glob("*.tf")):
        reason = "there are no *.tf files"
    else:
        reason = "" if program else "terraform is not installed"
    yield Check("terraform format", ("terraform", "fmt", "-check", "-diff", "-recursive", str(folder)), reason)
    if not reason and (folder / ".terraform/providers").is_dir():
        yield Check("terraform validate", ("terraform", f"-chdir={folder}", "validate"))
        yield Check("terraform test", ("terraform", f"-chdir={folder}", "test"))


def checkov() -> Check:
    """Hold the Terraform against rules of other people's; what is passed over has its reason beside it.

    It asks for versions of libraries that do not go with ours, so it lives in an environment of its own.
    """
    reason = "" if shutil.which("checkov") else "checkov is not installed (pipx install checkov)"
    options = ("--framework", "terraform", "--quiet", "--compact", "--skip-download")
    return Check("checkov", ("checkov", "--directory", "terraform", *options), reason)


def run_all(chosen: list[Check]) -> int:
    """Run them one after the other, print a line for each and what a failed one said; 1 if any failed."""
    failed = [check.name for check in chosen if not passes(check)]
    print(f"\n{len(failed)} of {len(chosen)} checks failed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def passes(check: Check) -> bool:
    if check.skipped:
        print(f"skipped  {check.name}: {check.skipped}", flush=True)
        return True
    began = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = "FAILED" if done.returncode else "ok"
    print(f"{verdict:<8} {check.name:<20} {time.monotonic() - began:5.1f} s", flush=True)
    if done.returncode:
        print("".join(f"    {line}\n" for line in done.stdout.splitlines()), flush=True)
    return done.returncode == 0
