import pytest

from shared.runtime.plain import plain_json


def test_plain_json_is_read():
    assert plain_json('{"name": "São", "n": [1, 2.5, null]}'.encode()) == {"name": "São", "n": [1, 2.5, None]}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 1}',
        b'[{"a": 1, "\\u0061": 1}]',
        b"NaN",
        b"-Infinity",
        b'"\xff"',
        b"\xef\xbb\xbf{}",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-16-le"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        plain_json(text)
