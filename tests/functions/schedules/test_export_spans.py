import json
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest
from flask import Flask, Response, request
from google.pubsub_v1.types import PubsubMessage
from werkzeug.serving import make_server

from functions.schedules.export_spans import export_spans
from infra.local.bus import Bus
from infra.local.topology import Topology, builder
from shared.runtime.declarations import declaration_of
from shared.runtime.settings import settings
from tests.shared.runtime.post import ACCOUNT, until
from tests.support.api import call
from tests.support.environment import environment

TOPIC = "projects/ventros-local/topics/spans"
SPAN = {
    "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
    "id": "00f067aa0ba902b7",
    "parent": "",
    "kind": 2,
    "began": "1764400000000000000",
    "ended": "1764400000001000000",
    "status": 204,
    "correlation_id": "",
}


class Collector:
    """Takes OTLP over HTTP as JSON; `answers` are given in turn, the last one for ever."""

    def __init__(self):
        self.answers: list[tuple[int, dict[str, Any]]] = [(200, {})]
        self.requests = []

    def take(self):
        assert request.content_type == "application/json"
        self.requests.append(request.get_json())
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Response(json.dumps(body), status, content_type="application/json")

    @property
    def spans(self):
        return [
            span
            for each in self.requests
            for resource in each["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]


@contextmanager
def collecting():
    collector, app = Collector(), Flask("collector")
    app.add_url_rule("/v1/traces", view_func=collector.take, methods=["POST"])
    server = make_server("127.0.0.1", 0, app)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with environment({"TRACES_URL": f"http://127.0.0.1:{server.server_port}/v1/traces"}):
            yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def collector():
    with collecting() as collector:
        yield collector


@pytest.fixture
def log_router(tmp_path):
    """Publishes log entries as Google's log router does."""
    with Bus(tmp_path / "bus", service_account=ACCOUNT, scale=0.02) as bus:
        pubsub, tasks = f"127.0.0.1:{bus.pubsub_port}", f"127.0.0.1:{bus.tasks_port}"
        with environment({"PUBSUB_EMULATOR_HOST": pubsub}), builder(settings(), pubsub, tasks) as made:
            made.build(Topology.of([]))

            def route(*entries):
                messages = [PubsubMessage(data=each) for each in entries]
                made.publisher.publish(topic=TOPIC, messages=messages)

            yield route


def entry(function="fly_kite", **changes):
    line = {"message": "span", "function": function, "request_id": "r1", "span": {**SPAN, **changes}}
    return json.dumps({"insertId": "x", "severity": "INFO", "jsonPayload": line}).encode()


def names(collector):
    return [span["name"] for span in collector.spans]


def export():
    return call(declaration_of(export_spans), "POST", "/").status_code


def test_what_was_logged_is_handed_on_once(log_router, collector):
    log_router(*(entry(f"kite {number}") for number in range(30)))
    assert export() == 204
    assert sorted(names(collector)) == sorted(f"kite {number}" for number in range(30))
    (resource, *_) = collector.requests[0]["resourceSpans"]
    assert {each["key"]: each["value"]["stringValue"] for each in resource["resource"]["attributes"]} == {
        "service.name": "ventros",
        "gcp.project_id": "ventros-local",
    }
    assert export() == 204
    assert len(collector.spans) == 30


def test_what_is_no_span_goes_by_and_holds_up_nobody(log_router, collector):
    log_router(b"\xff", b"[]", b"{}", b'{"jsonPayload": {"span": 7}}', entry("bad", trace="t"), entry())
    assert export() == 204
    assert names(collector) == ["fly_kite"]


def test_a_collector_that_is_away_gets_them_later(log_router, collector):
    collector.answers = [(503, {}), (200, {})]
    log_router(entry())
    assert export() == 500
    until(lambda: export() == 204 and len(collector.requests) == 2)
    assert names(collector) == ["fly_kite", "fly_kite"]


def test_what_a_collector_cannot_read_is_not_sent_for_ever(log_router, collector, capsys):
    collector.answers = [(400, {"message": "no"})]
    log_router(entry())
    assert (export(), export()) == (204, 204)
    assert len(collector.requests) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    told = [line for line in lines if line["message"] == "exported"]
    assert [(line["spans"], line["refused"], line["severity"]) for line in told] == [
        (0, 1, "WARNING"),
        (0, 0, "INFO"),
    ]


def test_a_collector_may_take_some_only(log_router, collector, capsys):
    collector.answers = [(200, {"partialSuccess": {"rejectedSpans": "2"}})]
    log_router(entry(), entry(), entry())
    assert export() == 204
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"exported"' in line]
    assert [(line["spans"], line["refused"]) for line in told] == [(1, 2)]
