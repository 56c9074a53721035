from datetime import UTC, datetime, timedelta

from shared.kernel.stamps import stamp

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_stamps_sort_by_time_and_the_same_twice_is_the_same():
    moments = [NOON + timedelta(milliseconds=n) for n in (0, 1, 1000, 10**9, 10**11)]
    stamps = [stamp(moment, content="x") for moment in moments]
    assert stamps == sorted(stamps)
    assert stamp(NOON, NOON, content=["a", None]) == stamp(NOON, NOON, content=["a", None])
    assert stamp(NOON, content="a") != stamp(NOON, content="b")
    assert stamp(None, content="\ud800") < stamps[0]
