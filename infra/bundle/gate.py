"""What no bundle may hold and no file of ours may do; each finding is a sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from infra.bundle.bundles import Bundle, Workshop
from infra.bundle.sources import Sources
from shared.runtime.uses import Use

# Who answers a caller or a provider starts without these, unless the declaration names the use beside them.
HEAVY = {
    "cloud-sql-python-connector": None,
    "google-adk": None,
    "google-cloud-aiplatform": None,
    "google-cloud-pubsub": "pubsub",
    "google-cloud-storage": "storage",
    "google-cloud-tasks": "tasks",
    "google-genai": "gemini",
    "mcp": None,
    "stripe": None,
}
ANSWERING = {"endpoint", "webhook", "preflight"}
GUARD = "shared/providers/guard.py"  # by which customers' hosts are called; they let in one fixed address of ours
STRANGE = re.compile(r"tests?|test_.*|.*_test\.py|conftest\.py|fixtures?|fakes?|.*\.(pem|key|p12|crt|env|pyc)")
SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+\w|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}\b|\bsk_live_\w{16}")
BY_STRING = {"__import__", "import_module", "exec", "eval", "run_module", "run_path", "walk_packages", "iter_modules"}
FIRST = "functions/__init__.py"  # what every function does before it imports anything


def findings(workshop: Workshop) -> Iterator[str]:
    """Everything that is not as it must be, in sources and in bundles."""
    yield from about_sources(workshop)
    taken: set[str] = set()
    for bundle in workshop.all():
        taken |= bundle.files.keys()
        yield from about_bundle(bundle)
    unread = (path for path in workshop.sources.data if path not in taken)
    yield from (f"{path} is data that no function reads by its name" for path in unread)


def about_bundle(bundle: Bundle) -> Iterator[str]:
    if bundle.kind in ANSWERING:
        for library in sorted(bundle.distributions & HEAVY.keys()):
            if HEAVY[library] not in bundle.uses:
                yield f"{bundle.name} is a {bundle.kind} that reaches {library} and declares no use of it"
    if GUARD in bundle.files and Use.CUSTOMER_HOSTS not in bundle.uses:
        yield f"{bundle.name} can call customers' hosts and declares no use of them"
    for path, content in bundle.files.items():
        if strange := [part for part in PurePosixPath(path).parts if STRANGE.fullmatch(part)]:
            yield f"{bundle.name} holds {path}: {strange[0]} is not for what is deployed"
        if SECRET.search(content):
            yield f"{bundle.name} holds {path}, in which a secret stands"


def about_sources(workshop: Workshop) -> Iterator[str]:
    yield from without_package(workshop.sources)
    for name, path in sorted(workshop.sources.modules.items()):
        if path.endswith("__init__.py") and path != FIRST and workshop.sources.files[path].strip():
            yield f"{path} is not empty: whatever stands in it, every import of the package would run"
        yield from (f"{path}:{line} {what}" for line, what in about_tree(workshop.code.module(name).tree))


def without_package(sources: Sources) -> Iterator[str]:
    """Folders that Python would take for namespace packages, which closures do not follow."""
    folders = {str(PurePosixPath(path).parent) for path in sources.modules.values()}
    yield from (f"{each} has no __init__.py" for each in sorted(folders) if f"{each}/__init__.py" not in sources.files)


def about_tree(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """What hides an import from a closure, by its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            yield node.lineno, "imports everything (*): name what is meant"
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "imports by a relative name: write it in full"
        if isinstance(node, ast.Call) and _called(node.func) in BY_STRING:
            yield node.lineno, f"calls {_called(node.func)}: what it imports or runs cannot be seen"


def _called(function: ast.expr) -> str:
    """The last word of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
