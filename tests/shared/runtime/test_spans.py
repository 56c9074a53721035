import json
from uuid import uuid4

import pytest
from flask import Response

from shared.runtime.spans import SpanKind, called, offered, otlp, under
from shared.runtime.telemetry import note, say, trace
from tests.support.environment import environment

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CAME = f"00-{TRACE}-{CALLER}-01"
NOTHING = f"00-{'0' * 32}-{CALLER}-01", f"00-{TRACE}-{'0' * 16}-01", f"ff-{TRACE}-{CALLER}-01"
BROKEN = "", "hello", f"00-{TRACE}-{CALLER}", f"00-{TRACE.upper()}-{CALLER}-01", f"{CAME}-more", f"{CAME}\n"


@pytest.fixture
def lines(capsys):
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def seldom():
    """Of a great many traces one is kept, so none of ours."""
    with environment({"TRACE_ONE_IN": str(1 << 40)}):
        yield


def headers(**given):
    return {name.replace("_", "-"): value for name, value in given.items()}.get


def test_a_call_is_a_span_under_the_one_that_caused_it():
    mine = under(CAME)
    assert (mine.trace_id, mine.parent_id, mine.sampled) == (TRACE, CALLER, True)
    assert mine.traceparent == f"00-{TRACE}-{mine.span_id}-01"
    assert under(mine.traceparent).parent_id == mine.span_id


@pytest.mark.parametrize("came", [*NOTHING, *BROKEN])
def test_what_names_no_span_begins_a_trace(came):
    assert offered(headers(traceparent=came)) == ""
    mine, other = under(came), under(came)
    assert mine.parent_id == ""
    assert TRACE != mine.trace_id != other.trace_id
    assert under(mine.traceparent).trace_id == mine.trace_id


def test_google_tells_it_in_its_own_way_too():
    told = f"{TRACE.upper()}/{int(CALLER, 16)};o=1"
    assert offered(headers(X_Cloud_Trace_Context=told)) == CAME
    assert offered(headers(X_Cloud_Trace_Context=told[:-4])) == f"00-{TRACE}-{CALLER}-00"
    assert offered(headers(X_Cloud_Trace_Context=told, traceparent=f"00-{'a' * 32}-{CALLER}-01")).startswith("00-aaa")
    for nothing in ("", "hello", TRACE, f"{TRACE}/0;o=1", f"{TRACE}/{1 << 64};o=1", f"{'0' * 32}/7;o=1"):
        assert offered(headers(X_Cloud_Trace_Context=nothing)) == ""


def test_a_caller_that_keeps_no_span_is_no_parent(seldom):
    mine = under(f"00-{TRACE}-{CALLER}-00")
    assert (mine.trace_id, mine.parent_id, mine.sampled) == (TRACE, "", False)
    assert under(CAME).sampled


def test_whether_a_trace_is_kept_is_the_same_wherever_it_is_asked():
    with environment({"TRACE_ONE_IN": "4"}):
        kept = [each for each in (under("") for _ in range(2000)) if each.sampled]
        assert 400 < len(kept) < 600
        assert all(under(f"00-{each.trace_id}-{each.span_id}-00").sampled for each in kept)


def routed(line):
    """A line as the log router hands it on: numbers have become floats."""
    return json.loads(json.dumps(line), parse_int=float)


def test_a_span_is_a_line_that_becomes_otlp(lines):
    tenant_id = uuid4()
    with called(SpanKind.SERVER, CAME, function="fly_kite", request_id="r1", correlation_id="c1") as call:
        note(tenant_id=tenant_id)
        inner = trace().traceparent
        call.answered(Response(status=201))
    (line,) = lines()
    assert line["message"] == "span"
    span = otlp(routed(line))
    assert 0 < int(span.pop("startTimeUnixNano")) <= int(span.pop("endTimeUnixNano"))
    assert span == {
        "traceId": TRACE,
        "spanId": inner.split("-")[2],
        "parentSpanId": CALLER,
        "name": "fly_kite",
        "kind": 2,
        "attributes": [
            {"key": "http.response.status_code", "value": {"intValue": "201"}},
            {"key": "ventros.request_id", "value": {"stringValue": "r1"}},
            {"key": "ventros.correlation_id", "value": {"stringValue": "c1"}},
            {"key": "ventros.tenant_id", "value": {"stringValue": str(tenant_id)}},
        ],
        "status": {},
    }


@pytest.mark.parametrize("status", [500, 503])
def test_a_span_that_failed_says_so(lines, status):
    with called(SpanKind.CONSUMER, "", function="fly_kite", request_id="r1") as call:
        call.answered(Response(status=status))
    assert otlp(lines()[0])["status"] == {"code": 2}


def test_a_span_that_was_torn_off_says_so(lines):
    with pytest.raises(KeyboardInterrupt), called(SpanKind.CONSUMER, "", function="fly_kite", request_id="r1"):
        raise KeyboardInterrupt
    assert otlp(lines()[0])["status"] == {"code": 2}


@pytest.mark.parametrize("broken", [{"trace": "1"}, {"id": 7}, {"began": "soon"}, {"status": None}])
def test_a_line_without_a_whole_span_is_none(lines, broken):
    with called(SpanKind.SERVER, CAME, function="fly_kite", request_id="r1"):
        pass
    (line,) = lines()
    assert otlp(line)
    with pytest.raises((LookupError, TypeError, ValueError)):
        otlp({**line, "span": {**line["span"], **broken}})


def test_of_a_trace_that_is_not_kept_nothing_is_told_but_lines_still_name_it(lines, seldom):
    with called(SpanKind.SERVER, f"00-{TRACE}-{CALLER}-00", function="fly_kite") as call:
        say("flown")
        call.answered(Response(status=200))
    (line,) = lines()
    assert line["message"] == "flown"
    assert line["logging.googleapis.com/trace"] == f"projects/ventros-local/traces/{TRACE}"
    assert line["logging.googleapis.com/spanId"] == call.context.span_id
    assert line["logging.googleapis.com/trace_sampled"] is False
