"""Asks an application what its OpenAPI document allows to be asked, and compares the answers with it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.engine.recorder import CheckFailureInfo, ScenarioRecorder
from schemathesis.schemas import BaseSchema
from schemathesis.transport.wsgi import WSGITransport
from werkzeug.test import Client

from tests.support.estate import Estate
from tests.support.operations import KINDS, token_of

NETWORK = ("cert", "max_redirects", "proxies", "verify")
# What good data may be answered: somebody else's rules, and rules that a schema cannot state.
REFUSALS = ["2xx", 401, 403, 404, 409, 412, 413, 422, 429]
BAD = 400
# Codes for what no schema states: cursors are the lists' own, some lists want to be asked about something. The last
# one is the asker's fault: it takes the quotes off a version.
UNTOLD = {"bad_cursor", "filter_required", "bad_if_match"}
# What fits a format that only we know.
FORMATS = {"phone": st.integers(10_000_000, 99_999_999).map(lambda number: f"+55119{number}")}
SHOWN, LENGTH = 10, 400


@dataclass(frozen=True, kw_only=True)
class Examination:
    """How much is asked: examples and chains an operation; `bounds` of every parameter; which paths, if not all."""

    examples: int
    walks: int
    bounds: bool = False
    paths: tuple[str, ...] = ()


@dataclass
class Report:
    asked: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    found: dict[str, str] = field(default_factory=dict)
    varied: set[str] = field(default_factory=set)  # operations that can be asked in many ways
    untouched: list[str] = field(default_factory=list)

    def fewest(self) -> int:
        """How often the least asked of those was asked."""
        return min((self.asked[label] for label in self.varied), default=0)

    def figures(self) -> dict[str, Any]:
        return {
            "operations": len(self.asked),
            "requests": self.asked.total(),
            "fewest": self.fewest(),
            "statuses": dict(sorted(self.statuses.items())),
            "untouched": self.untouched,
            "found": dict(list(self.found.items())[:SHOWN]),
            "findings": len(self.found),
        }


def examine(app: Any, kept: Estate, doomed: Estate, how: Examination) -> Report:
    """Ask about all that `kept` has; what deletes without having made is tried on `doomed`."""
    report = Report()
    for name, strategy in FORMATS.items():
        schemathesis.openapi.format(name, strategy)
    with in_process():
        for form in (singles(kept, doomed, how), chains(kept, how)):
            schema = chosen(app, form, how)
            for event in from_schema(schema).execute():
                take(report, event)
    known = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    report.varied = {each.label for each in known if takes_something(each.definition.raw)}
    report.untouched = sorted({each.label for each in known} - set(report.asked))
    return report


def chosen(app: Any, form: dict[str, Any], how: Examination) -> BaseSchema:
    document: dict[str, Any] = Client(app).get("/openapi.json").get_json()
    if how.paths:
        document = only(document, how.paths)
    schema = schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_dict(form))
    schema.app = app
    return schema


def only(document: dict[str, Any], chosen: tuple[str, ...]) -> dict[str, Any]:
    """The document with some of its paths, and without the links to others."""
    paths = {path: document["paths"][path] for path in chosen}
    left = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    for methods in paths.values():
        for answer in (answer for operation in methods.values() for answer in operation["responses"].values()):
            answer["links"] = {name: link for name, link in answer.get("links", {}).items() if name in left}
    return {**document, "paths": paths}


def takes_something(operation: Mapping[str, Any]) -> bool:
    return "requestBody" in operation or bool(operation.get("parameters"))


def singles(kept: Estate, doomed: Estate, how: Examination) -> dict[str, Any]:
    """Every operation by itself."""
    deletes = {"include-method": "DELETE", "headers": _headers(doomed), "parameters": _parameters("doomed", doomed)}
    phases = {"coverage": {"enabled": how.bounds}, "stateful": {"enabled": False}}
    return {
        **_form(kept, how.examples, phases),
        "dictionaries": {**_dictionaries("kept", kept), **_dictionaries("doomed", doomed)},
        "parameters": _parameters("kept", kept),
        "operations": [deletes],
    }


def chains(kept: Estate, how: Examination) -> dict[str, Any]:
    """Operations after each other, along the links of the document."""
    phases = {name: {"enabled": False} for name in ("examples", "coverage", "fuzzing")}
    form = _form(kept, how.walks, {**phases, "stateful": {"max-steps": 6}})
    # What is wrong is asked of each by itself; here as much as can be should come about.
    return {**form, "generation": {**form["generation"], "mode": "positive"}}


def _form(kept: Estate, examples: int, phases: dict[str, Any]) -> dict[str, Any]:
    # What answers tell would lead the caller to their own key and membership, and to take these away.
    own = {"extra-data-sources": {"responses": False}}
    asked = {name: {**own, **phases.get(name, {})} for name in ("examples", "coverage", "fuzzing")}
    return {
        "seed": 1,
        "headers": _headers(kept),
        "generation": {
            "max-examples": examples,
            "deterministic": True,
            "database": "none",
            "no-shrink": True,
            "with-security-parameters": False,
            "allow-x00": False,
        },
        "phases": {**phases, **asked},
        "checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}},
        "auth": {"auto-signup": False},
        "continue-on-failure": True,
    }


def _headers(estate: Estate) -> dict[str, str]:
    return dict(estate.tenant.admin.key.headers)


def _dictionaries(name: str, estate: Estate) -> dict[str, Any]:
    return {f"{name}_{kind}": {"values": [own]} for kind, own in _ids(estate).items()}


def _ids(estate: Estate) -> dict[str, str]:
    return {**estate.live, "token": token_of(estate)}


def _parameters(name: str, estate: Estate) -> dict[str, Any]:
    """Most ids are of something that is there."""
    known = _ids(estate)
    return {
        f"{place}.{parameter}": {"dictionary": f"{name}_{kind}", "probability": 0.8}
        for parameter, kind in KINDS.items()
        if kind in known
        for place in ("path", "body")
    }


@contextmanager
def in_process() -> Iterator[None]:
    """Probes carry options for the network, which no call inside a process takes."""
    send = WSGITransport.send

    def plain(self: WSGITransport, case: Any, **options: Any) -> Response:
        return send(self, case, **{name: value for name, value in options.items() if name not in NETWORK})

    with patch.object(WSGITransport, "send", plain):
        yield


def take(report: Report, event: events.EngineEvent) -> None:
    if isinstance(event, events.NonFatalError):
        report.found.setdefault(f"error {event.label}", repr(event.value))
    if isinstance(event, events.FatalError):
        raise event.exception
    if isinstance(event, events.ScenarioFinished):
        told(report, event.recorder)


def excused(recorder: ScenarioRecorder, case: str, check: str) -> bool:
    """Whether good data was refused for what only the list itself knows."""
    answer = recorder.interactions[case].response
    if check != "positive_data_acceptance" or answer is None or answer.status_code != BAD:
        return False
    return answer.json()["error"]["code"] in UNTOLD


def told(report: Report, recorder: ScenarioRecorder) -> None:
    for case, exchange in recorder.interactions.items():
        report.asked[recorder.cases[case].value.operation.label] += 1
        report.statuses[str(exchange.response.status_code if exchange.response else "none")] += 1
    for case, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info and not excused(recorder, case, check.name):
                where = f"{check.name} {recorder.cases[case].value.operation.label}"
                report.found.setdefault(where, shown(check.failure_info))


def shown(found: CheckFailureInfo) -> str:
    return f"{found.failure.title}: {found.failure.message[:LENGTH]} ← {found.code_sample[:LENGTH]}"
