"""Bundles as the platform runs them: unpacked, in an environment of their own, behind functions-framework."""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from subprocess import check_output

from infra.bundle.archive import unpack
from infra.bundle.bundles import Bundle
from infra.local.postgres import HOST, free_port
from infra.local.process import Child
from tests.support.venvs import venv_for

# Python imports this by itself at its start; at its end it writes down what it has imported, and from where.
TRACER = """\
import atexit, json, os, sys

def told():
    found = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    with open(os.path.join(os.environ["TRACES"], f"{os.getpid()}.json"), "w") as output:
        json.dump({name: file for name, file in found.items() if isinstance(file, str)}, output)

atexit.register(told)
"""
STANDARD = "import sysconfig; print(sysconfig.get_path('stdlib'), sysconfig.get_path('platstdlib'), sep='\\n')"


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unpacked bundle; `programs` are those of its environment."""

    bundle: Bundle
    folder: Path
    programs: Path

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def code(self) -> Path:
        return self.folder / "code"

    def command(self, port: int) -> tuple[str, ...]:
        """What the platform runs: the framework for a function, its main.py for a service."""
        if self.bundle.is_service:
            return (str(self.programs / "python"), "main.py")
        wanted = ("--target", self.bundle.name, "--source", "main.py", "--host", HOST, "--port", str(port))
        return (str(self.programs / "functions-framework"), *wanted)

    @contextmanager
    def running(self, env: Mapping[str, str], *, traced: bool = False, borrowed: Path | None = None) -> Iterator[int]:
        """Run it for the length of the block, which is given its port; it ends in order, however the block does.

        `traced`: it leaves behind what it has imported. `borrowed`: a folder that it finds further modules in.
        """
        port = free_port()
        tracing = {"PYTHONPATH": f"{self._tracer()}:{borrowed or ''}", "TRACES": f"{self.folder}/traces"}
        with Child(self.command(port), {**env, **(tracing if traced else {})}, self.log, cwd=self.code):
            yield port

    def _tracer(self) -> str:
        shutil.rmtree(self.folder / "traces", ignore_errors=True)
        for name in ("tracer", "traces"):
            (self.folder / name).mkdir(exist_ok=True)
        (self.folder / "tracer/sitecustomize.py").write_text(TRACER)
        return str(self.folder / "tracer")

    def strangers(self) -> list[str]:
        """Files that it imported and that are in neither its zip, nor its environment, nor Python."""
        own = {str(self.code / path) for path in self.bundle.files}
        known = (*standard_folders(self.programs), f"{self.programs.parent}/", f"{self.folder / 'tracer'}/")
        return sorted(file for file in self.imported() if file not in own and not file.startswith(known))

    def imported(self) -> set[str]:
        """The files of all modules, of every process of it that has ended in order."""
        traces = (json.loads(file.read_text()) for file in (self.folder / "traces").glob("*.json"))
        return {str(Path(file).absolute()) for trace in traces for file in trace.values()}


def make_unit(bundle: Bundle, folder: Path) -> Unit:
    """Unpack a bundle below a folder. Uninstallable: its requirements do not do."""
    programs = venv_for(bundle.files["requirements.txt"])
    unpack(bundle, folder / bundle.name / "code")
    return Unit(bundle=bundle, folder=folder / bundle.name, programs=programs)


@cache
def standard_folders(programs: Path) -> tuple[str, ...]:
    """Where the Python of an environment has its own library."""
    found = check_output((programs / "python", "-c", STANDARD), text=True).split("\n")
    return tuple(f"{Path(folder).absolute()}/" for folder in found if folder)
