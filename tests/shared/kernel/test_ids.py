import time
from uuid import RFC_4122, UUID

import pytest

from shared.kernel.ids import read_id, uuid7

ID = "0190a4f0-0000-7000-8000-00000000000a"


def test_an_id_is_a_version_7_uuid():
    made = [uuid7() for _ in range(200)]
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {RFC_4122}
    assert len(set(made)) == 200


def test_an_id_begins_with_the_time_in_milliseconds():
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("apart", [1_000_000, 250])
def test_ids_sort_by_when_they_were_made(monkeypatch, apart):
    clock = iter(range(1_700_000_000_000_000_000, 2_000_000_000_000_000_000, apart))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    made = [uuid7() for _ in range(500)]
    assert made == sorted(made)
    assert [str(each) for each in made] == sorted(str(each) for each in made)


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_an_id_is_read_in_its_usual_spelling(text):
    assert read_id(text) == UUID(ID)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        f"urn:uuid:{ID}",
        f"{{{ID}}}",
        ID.replace("-", ""),
        f" {ID}",
        f"{ID}\n",
        "0_190a4f00000700080000000000000a",
        "0-190a4f00000700080000000000000a",
        "\u0661" * 32,
    ],
)
def test_an_id_in_another_spelling_is_none(text):
    with pytest.raises(ValueError, match="no id"):
        read_id(text)
