"""A small project to make bundles of, in memory: a function, what it stands on, and what lies beside it."""

import json

from infra.bundle.sources import LOCK, MANIFEST, PROJECT, Sources

FILES = {
    "functions/__init__.py": "",
    "functions/crm/__init__.py": "",
    "functions/crm/greet.py": "from shared.runtime.http import endpoint\n\n\ndef greet():\n    return endpoint\n",
    "functions/services/__init__.py": "",
    "functions/services/relay.py": "from shared.runtime.service import run_service as relay\n",
    "shared/__init__.py": "",
    "shared/beside.py": "import shared.runtime.http\n",
    "shared/runtime/__init__.py": "",
    "shared/runtime/http.py": "import json\nfrom shared.runtime import words\n\nendpoint = json, words\n",
    "shared/runtime/service.py": "run_service = print\n",
    "shared/runtime/words.py": '"""All the words."""\n\nHELLO = "hello"  # as people say it\n',
    LOCK: "",
    PROJECT: '[project]\ndependencies = ["pyjwt[crypto]"]\n[dependency-groups]\n',
}
ENTRIES = {
    "greet": {"name": "greet", "module": "functions.crm.greet", "kind": "endpoint", "uses": []},
    "relay": {"name": "relay", "module": "functions.services.relay", "kind": "service", "uses": ["pubsub"]},
}


def manifest(*entries):
    return json.dumps({"functions": entries})


def small(changes=None, *, lock="", entries=None):
    """The project with other or further files; one that is None is left out."""
    pins = "".join(f"{name}==1 \\\n    --hash=sha256:{name}\n" for name in lock.split())
    files = {**FILES, LOCK: pins, MANIFEST: manifest(*(entries or ENTRIES.values())), **(changes or {})}
    return Sources({path: text.encode() for path, text in files.items() if text is not None})
