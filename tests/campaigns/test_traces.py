"""One trace from a customer's message to the answer, across the real Pub/Sub and Cloud Tasks of the local cloud."""

import json
import logging

import pytest

from shared.runtime.spans import otlp
from shared.runtime.telemetry import JsonLines, log
from tests.campaigns.cloud import cloud
from tests.shared.runtime.post import until
from tests.support.shop import open_shop

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CHAIN = ["receive_waha", "flush_message_group", "run_agent", "send_message"]
RULES = {"keywords": [{"words": ["abrem"], "reply": "Abrimos das 7h às 19h."}]}


class Kept(logging.Handler):
    """The lines of the house's log, from all threads, as they leave for the platform."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(self.format(record)))

    @property
    def spans(self):
        return [otlp(line) for line in self.lines if "span" in line]


@pytest.fixture
def kept():
    handler = Kept()
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant, config=RULES, debounce_timeout_ms=200) as shop:
        yield shop


def test_from_a_message_to_its_answer_it_is_one_trace(shop, kept, monkeypatch):
    deliver = type(shop.channel).deliver
    came = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-Id": "r-1"}
    monkeypatch.setattr(type(shop.channel), "deliver", lambda self, event: deliver(self, event, **came))
    with cloud():
        shop.hears("A que horas abrem?")
        until(lambda: shop.sent and {span["name"] for span in kept.spans} >= set(CHAIN), 30)
        until(lambda: shop.world.value("select count(*) from outbox_events where published_at is null") == 0)
    spans = {span["name"]: span for span in kept.spans if span["name"] in CHAIN}
    assert {span["traceId"] for span in kept.spans if span["name"] != "export_spans"} == {TRACE}
    parents = [spans[name]["parentSpanId"] for name in CHAIN]
    assert parents == [CALLER, *(spans[name]["spanId"] for name in CHAIN[:-1])]
    began = [int(spans[name]["startTimeUnixNano"]) for name in CHAIN]
    assert began == sorted(began)
    told = {each["key"]: each["value"] for each in spans["send_message"]["attributes"]}
    assert told["ventros.correlation_id"] == {"stringValue": "r-1"}
    assert told["ventros.tenant_id"] == {"stringValue": str(shop.tenant.tenant_id)}
    for line in kept.lines:
        if line.get("function") in CHAIN:
            assert line["logging.googleapis.com/trace"].endswith(TRACE)
