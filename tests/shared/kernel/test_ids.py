import time
from uuid import RFC_4122

from shared.kernel.ids import uuid7


def test_an_id_is_a_version_7_uuid():
    made = [uuid7() for _ in range(200)]
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {RFC_4122}
    assert len(set(made)) == 200


def test_an_id_begins_with_the_time_in_milliseconds():
    before = time.time_ns() // 1_000_000
    made = uuid7().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_sort_by_when_they_were_made(monkeypatch):
    clock = iter(range(1_700_000_000_000_000_000, 2_000_000_000_000_000_000, 1_000_000))
    monkeypatch.setattr(time, "time_ns", lambda: next(clock))
    made = [uuid7() for _ in range(500)]
    assert made == sorted(made)
    assert [str(each) for each in made] == sorted(str(each) for each in made)
