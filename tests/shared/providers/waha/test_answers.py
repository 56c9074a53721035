"""Answers as a server may write them: what can be read of them is, and nothing else is lost for what cannot."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.providers.waha.answers import DEEPEST, read_answer

DEEP = b"[" * 100_000 + b"]" * 100_000
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_json_is_read_as_that(value):
    assert read_answer(json.dumps(value).encode("utf-8", "surrogatepass")) == value
    assert read_answer(json.dumps([value, "\ud800"]).encode()) == [value, "\ud800"]


@given(st.lists(JSON, max_size=6), st.integers(0, 6))
def test_a_row_that_cannot_be_read_stays_as_it_is_written(rows, place):
    written = [json.dumps(row) for row in rows]
    bad = '{"id": "a", "text": "],[,\\"", "x": }'
    written.insert(place, bad)
    expected = [*rows]
    expected.insert(place, bad)
    assert read_answer(f"[{', '.join(written)}]".encode()) == expected


@pytest.mark.parametrize(
    ("row", "read"),
    [
        (b'{"id": "\xff\xfe"}', {"id": "\ufffd\ufffd"}),
        (b'{"id": "\\ud800"}', {"id": "\ud800"}),
        (b'{"id": ' + b"9" * 5000 + b"}", {"id": float("inf")}),
        (b'{"id": -' + b"9" * 5000 + b"}", {"id": float("inf")}),
        (DEEP, DEEP.decode()),
        (b'{"a":' * 500 + b"1" + b"}" * 500, '{"a":' * 500 + "1" + "}" * 500),
        (b'{"id": 01}', '{"id": 01}'),
        (b"\x00", "\x00"),
        (b"", ""),
    ],
)
def test_one_row_costs_no_other(row, read):
    told = b'[{"id": "before"}, ' + row + b', {"text": "[{\\"]", "id": "after"}]'
    before, found, after = read_answer(told)
    assert (before, after) == ({"id": "before"}, {"text": '[{"]', "id": "after"})
    assert found == (read.strip() if isinstance(read, str) else read)


@pytest.mark.parametrize("levels", [DEEPEST - 2, DEEPEST, DEEPEST + 1, 900])
def test_what_is_read_can_be_written_again(levels):
    value = "[" * levels + "]" * levels
    (found, _) = read_answer(f"[{value}, 01]".encode())
    assert json.dumps(found) == (value if levels <= DEEPEST else json.dumps(value))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[",
        b'[{"id": "a"}',
        b'[{"id": "a"}, {"id',
        b"[1],[2]",
        b"[1]]",
        b"[1] x",
        b"<html>[1]</html>",
        DEEP[:9],
        b"nul",
    ],
)
def test_a_list_that_was_cut_short_is_no_answer(answer):
    with pytest.raises(ValueError, match=r"Expecting|does not end|Extra data"):
        read_answer(answer)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(raw):
    try:
        json.dumps(read_answer(raw))
        json.dumps(read_answer(b"[" + raw + b"]"))
    except ValueError:
        return


def test_other_encodings_are_read_as_json_allows_them():
    assert read_answer('[{"id": "é"}]'.encode("utf-16")) == [{"id": "é"}]
    assert read_answer('\ufeff[{"id": "é"}]'.encode()) == [{"id": "é"}]
