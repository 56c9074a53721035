import io
import json
import logging
import time
from uuid import uuid4

import pytest

from shared.runtime.telemetry import Seldom, configure, log, note, request_id, say, trace, traced


@pytest.fixture
def lines(capsys):
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_lines_go_to_standard_output_once(capsys, monkeypatch):
    monkeypatch.setattr(log, "handlers", [])
    configure()
    configure()
    say("flown")
    assert [json.loads(line)["message"] for line in capsys.readouterr().out.splitlines()] == ["flown"]


def fail(words):
    raise ValueError(words)


def test_a_line_is_json_and_says_where_it_comes_from(lines):
    tenant_id = uuid4()
    with traced(function="fly_kite", request_id="r1", tenant_id=tenant_id):
        say("flown", height=12, kite_id=tenant_id)
    assert lines() == [
        {
            "severity": "INFO",
            "message": "flown",
            "function": "fly_kite",
            "request_id": "r1",
            "tenant_id": str(tenant_id),
            "height": 12,
            "kite_id": str(tenant_id),
        }
    ]


def test_an_error_tells_its_kind_and_place_but_not_its_words(lines):
    try:
        fail("+5511912345678 said: my password is hunter2")
    except ValueError:
        say("failed", level=logging.ERROR, error=True)
    (line,) = lines()
    assert (line["severity"], line["error"]) == ("ERROR", "ValueError")
    assert any(place.endswith(" fail") for place in line["at"])
    assert "hunter2" not in str(line)
    assert "5511912345678" not in str(line)


def test_an_answer_is_logged_without_what_was_asked(api, tenant, capsys):
    body = {"email": "somebody@example.com", "password": "hunter2 hunter2"}
    api.post("/api/v1/auth/login", body, headers={"X-Request-Id": "r7"})
    api.get("/api/v1/auth/profile?secret=hunter2", as_=tenant.admin.key)
    out = capsys.readouterr().out
    lines = [line for line in map(json.loads, out.splitlines()) if line["message"] == "answered"]
    assert [(line["function"], line["status"]) for line in lines] == [("login", 401), ("get_profile", 200)]
    assert lines[0]["request_id"] == "r7"
    assert lines[1]["tenant_id"] == str(tenant.tenant_id)
    for secret in ("hunter2", "somebody", tenant.admin.key.key, tenant.admin.email):
        assert secret not in out


def test_a_warning_that_is_due_all_the_time_is_written_now_and_then_and_counted(lines, monkeypatch):
    warning, begin = Seldom("it rains", every=5.0), time.monotonic()
    for seconds in (0, 1, 2, 4.9, 5, 6, 11):
        monkeypatch.setattr(time, "monotonic", lambda seconds=seconds: begin + seconds)
        warning.warn(place="Recife")
    written = [(line["severity"], line["message"], line["place"], line["times"]) for line in lines()]
    assert written == [("WARNING", "it rains", "Recife", times) for times in (1, 4, 2)]


def test_a_trace_ends_with_its_work():
    before = trace()
    with traced(request_id="outer"):
        with traced(function="inner"):
            note(tenant_id=uuid4())
            assert (trace().request_id, trace().function) == ("outer", "inner")
            assert trace().tenant_id
        assert (trace().request_id, trace().function, trace().tenant_id) == ("outer", "", None)
    assert trace() == before


@pytest.mark.parametrize("offered", ["r1", "a" * 128, "01HX-5_z.q:1"])
def test_a_harmless_request_id_is_kept(offered):
    assert request_id(offered) == offered


@pytest.mark.parametrize("offered", [None, "", "a" * 129, "a b", "a\n", "<script>", "é"])
def test_any_other_is_replaced(offered):
    assert len(request_id(offered)) == 36
    assert request_id(offered) != offered


def test_a_line_that_cannot_be_written_quotes_nothing(capsys):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    stream.close()
    configure()
    log.addHandler(handler)
    try:
        int("hunter2")
    except ValueError:
        say("not done")
    finally:
        log.removeHandler(handler)
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
