"""The Python client that anybody can generate from the API's document, generated from ours as it is now."""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

import httpx

from infra.environment import ROOT
from infra.local.process import clean_environment
from infra.openapi import FILE

FOLDER = ROOT / ".client"
PACKAGE = "ventros_client"
# Nobody reads what is generated, so it is left as it comes.
CONFIG = '{"post_hooks": [], "content_type_overrides": {"image/svg+xml": "text/html"}}'


class ClientError(Exception):
    """No client can be generated from the document, or not all of one; the message says why."""


class ApiClient:
    """Calls operations by their ids. `headers` prove who calls; `options` are httpx's."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None, **options: Any) -> None:
        settings = {"trust_env": False, **options}
        self._client = generated().Client(
            base_url=base_url, headers=dict(headers or {}), timeout=httpx.Timeout(20), httpx_args=settings
        )

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Call an operation; gives `.status_code`, `.headers` and `.parsed`, a model. A `body` may be a dict."""
        call = operations()[operation].sync_detailed
        if isinstance(body := arguments.get("body"), dict):
            arguments["body"] = body_type(call, body).from_dict(body)
        return call(client=self._client, **arguments)

    def close(self) -> None:
        self._client.get_httpx_client().close()


def body_type(call: Any, body: Mapping[str, Any]) -> Any:
    """The model of a body; of several, the one for the body's `type`."""
    hint = get_type_hints(call)["body"]
    kinds = [each for each in (hint, *get_args(hint)) if hasattr(each, "from_dict")]
    named = f"'{body.get('type')}'"
    return next((each for each in kinds if named in str(each.__annotations__.get("type_"))), kinds[0])


@cache
def operations() -> dict[str, ModuleType]:
    """The client's modules by the operation that each calls."""
    api = Path(str(generated().__file__)).parent / "api"
    files = [file for file in api.glob("*/*.py") if file.stem != "__init__"]
    return {file.stem: import_module(f"{PACKAGE}.api.{file.parent.name}.{file.stem}") for file in files}


@cache
def generated() -> Any:
    """The client's package, generated unless it was for this very document."""
    digest = hashlib.sha256(FILE.read_bytes()).hexdigest()[:16]
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (FOLDER / digest / "done").exists():
            generate(FOLDER / digest)
    return _loaded(FOLDER / digest / PACKAGE)


def generate(folder: Path) -> None:
    """Generate the client into a folder. ClientError: something of the document is not in it."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(CONFIG)
    strict = ("--meta", "none", "--overwrite", "--fail-on-warning", "--config", folder / "config.json")
    places = ("--path", FILE, "--output-path", folder / PACKAGE)
    done = subprocess.run(
        (sys.executable, "-m", "openapi_python_client", "generate", *strict, *places),
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ClientError(done.stdout + done.stderr)
    (folder / "done").touch()


def _loaded(package: Path) -> ModuleType:
    spec = spec_from_file_location(PACKAGE, package / "__init__.py", submodule_search_locations=[str(package)])
    if spec is None or spec.loader is None:
        raise ClientError(f"{package} is no package")
    module = sys.modules[PACKAGE] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
