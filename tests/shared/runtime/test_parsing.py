import io
import json
import re
from datetime import datetime
from typing import ClassVar
from uuid import UUID, uuid4

import flask
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from shared.kernel.errors import BadRequest, NotFound, TooLarge
from shared.kernel.values import Name
from shared.runtime.incoming import LARGEST_BODY, raw_body, read_path
from shared.runtime.paging import PageQuery
from shared.runtime.parsing import (
    DEEPEST,
    Body,
    Moment,
    check_json,
    problems,
    read_body,
    read_query,
    unsent,
)

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


class Wind(Body):
    may_be_missing: ClassVar[bool] = True

    strength: int | None = None


class Kite(Body):
    name: Name = Field(default_factory=unsent)
    length: int = Field(default_factory=unsent)


class Kept(Body):
    at: Moment


def request(**options):
    return flask.Flask("tests").test_request_context("/", method="POST", **options).request


def accepted(body):
    check_json(body)
    return True


@given(values)
def test_what_every_reader_agrees_on_is_accepted(value):
    assert accepted(json.dumps(value).encode())
    assert accepted(json.dumps(value, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not UTF-8 JSON"),
        (b"{", "not UTF-8 JSON"),
        (b"{'a': 1}", "not UTF-8 JSON"),
        (b"\xff\xfe{}", "not UTF-8 JSON"),
        (b'"\xed\xa0\x80"', "not UTF-8 JSON"),
        (b"\xef\xbb\xbf{}", "not UTF-8 JSON"),
        (b'{"a": 1, "a": 1}', "twice"),
        (b'[{"b": {"a": 1, "\\u0061": 2}}]', "twice"),
        (b"NaN", "NaN"),
        (b"[-Infinity]", "Infinity"),
        (b"1e999", "too large"),
        (b"[-1e999]", "too large"),
        (b'"\\u0000"', "NUL"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udc00\\ud800": 1}', "surrogate"),
        (b"[" * 100_000 + b"]" * 100_000, "deep"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deep"),
        (b"9" * 5000, "not JSON that can be accepted"),
    ],
)
def test_what_readers_disagree_about_is_refused(body, reason):
    with pytest.raises(BadRequest, match=reason) as caught:
        check_json(body)
    assert caught.value.code == "bad_json"


def test_depth_has_a_limit_and_not_before():
    assert accepted(b"[" * DEEPEST + b"]" * DEEPEST)
    with pytest.raises(BadRequest):
        check_json(b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2))


def test_a_body_may_be_ten_megabytes_and_not_more():
    assert len(raw_body(request(data=b"x" * LARGEST_BODY))) == LARGEST_BODY
    with pytest.raises(TooLarge):
        raw_body(request(data=b"x" * (LARGEST_BODY + 1)))


def test_nor_when_it_comes_in_chunks_and_names_no_length():
    def chunked(size):
        sent = {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(b"x" * size), "wsgi.input_terminated": True}
        given = request(environ_overrides=sent)
        given.max_content_length = LARGEST_BODY  # as the platform sets it
        return given

    assert len(raw_body(chunked(LARGEST_BODY))) == LARGEST_BODY
    with pytest.raises(TooLarge):
        raw_body(chunked(LARGEST_BODY + 1))


def test_a_body_that_stops_early_is_told_so():
    short = request(data=b"{}", environ_overrides={"CONTENT_LENGTH": "100"})
    with pytest.raises(BadRequest):
        raw_body(short)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'{"length": "1"}', b'{"length": 1.0}', b'{"length": true}', b'{"name": null}', b'{"else": 1}'],
)
def test_a_body_is_read_strictly(body):
    with pytest.raises(ValidationError):
        read_body(request(data=body), Kite)


def test_what_was_sent_is_known():
    assert read_body(request(data=b'{"length": 3}'), Kite).given() == {"length": 3}
    assert read_body(request(data=b"{}"), Kite).given() == {}


def test_a_body_may_be_missing_where_it_says_so():
    assert read_body(request(data=b""), Wind).given() == {}
    assert read_body(request(data=b'{"strength": 3}'), Wind).strength == 3
    for told, kind in ((b"", Kite), (b" ", Wind)):
        with pytest.raises(BadRequest):
            read_body(request(data=told), kind)


def test_problems_name_the_fields_and_repeat_no_values():
    with pytest.raises(ValidationError) as caught:
        read_body(request(data=b'{"length": "hunter2", "name": ""}'), Kite)
    told = problems(caught.value)
    assert {each["field"] for each in told["fields"]} == {"length", "name"}
    assert "hunter2" not in str(told)


def test_a_name_that_came_is_repeated_in_part_only():
    with pytest.raises(ValidationError) as caught:
        read_body(request(data=json.dumps({"k" * 500_000: 1}).encode()), Kite)
    (told,) = [each["field"] for each in problems(caught.value)["fields"] if each["field"].startswith("k")]
    assert told == "k" * 80


def test_only_some_problems_are_told():
    with pytest.raises(ValidationError) as caught:
        read_body(request(data=json.dumps({f"f{n}": 1 for n in range(500)}).encode()), Kite)
    assert len(problems(caught.value)["fields"]) == 20


PATTERN = re.compile(r"/kites/(?P<kite_id>[^/]+)/tails/(?P<color>[^/]+)")


def test_a_path_gives_its_parameters():
    kite_id = uuid4()
    types = {"kite_id": UUID, "color": str}
    assert read_path(PATTERN, f"/kites/{kite_id}/tails/red", types) == {"kite_id": kite_id, "color": "red"}
    assert read_path(PATTERN, f"/kites/{str(kite_id).upper()}/tails/red", types)["kite_id"] == kite_id


@pytest.mark.parametrize("wrong", ["{0.hex}", "{{{0}}}", "urn:uuid:{0}", "1", "{0}0", "%00"])
def test_an_id_in_another_spelling_names_nothing(wrong):
    with pytest.raises(NotFound):
        read_path(PATTERN, f"/kites/{wrong.format(uuid4())}/tails/red", {"kite_id": UUID, "color": str})


def test_filters_stand_apart_from_parameters():
    asked = flask.Flask("tests").test_request_context("/?limit=5&filter[name]=a&filter[at][gt]=b").request
    query, filters = read_query(asked, PageQuery)
    assert query.limit == 5
    assert filters == {"filter[name]": "a", "filter[at][gt]": "b"}


@pytest.mark.parametrize(
    "text",
    ["limit=0", "limit=101", "limit=x", "limit=", "page=0", "colour=red", "limit=1&limit=1", "cursor=" + "x" * 5000],
)
def test_a_parameter_that_is_not_declared_or_does_not_fit_is_refused(text):
    asked = flask.Flask("tests").test_request_context(f"/?{text}").request
    with pytest.raises(BadRequest):
        read_query(asked, PageQuery)


@pytest.mark.parametrize("told", ["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5+03:00"])
def test_a_time_is_one_of_rfc_3339(told):
    kept = read_body(request(json={"at": told}), Kept)
    assert kept.at == datetime.fromisoformat(told.upper())


@pytest.mark.parametrize(
    "told",
    [
        *("2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00Z", "1769860800", ""),
        *("2026-01-31T12:00:00+0300", "2026-01-31T12:00:00+03", "2026-02-30T12:00:00Z", "2026-01-31T25:00:00Z"),
        *(1769860800, 1769860800.5, None, True, [], "2026-01-31T12:00:00Z "),
    ],
)
def test_a_time_that_is_written_otherwise_is_refused(told):
    with pytest.raises(ValidationError):
        read_body(request(json={"at": told}), Kept)
