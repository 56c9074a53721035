import pytest

from infra.bench.figures import Figure, at_least, at_most, interleaved, medians, percentile


def contestant(name, calls, values):
    given = iter(values)

    def measure():
        calls.append(name)
        return next(given)

    return measure


def test_every_round_measures_everybody_and_every_other_one_goes_backwards():
    calls: list[str] = []
    contestants = {name: contestant(name, calls, range(4)) for name in ("a", "b", "c")}
    interleaved(contestants, 3, discard=1)
    assert calls == [*"cba", *"abc", *"cba", *"abc"]


def test_what_warms_up_is_not_kept():
    runs = interleaved({"a": contestant("a", [], [100.0, 1.0, 2.0])}, 2, discard=1)
    assert runs == {"a": [1.0, 2.0]}


def test_the_median_passes_over_one_bad_run():
    assert medians({"a": [10.0, 1000.0, 11.0], "b": [1.0, 3.0]}) == {"a": 11.0, "b": 2.0}


@pytest.mark.parametrize(("share", "value"), [(0.5, 50.0), (0.95, 95.0), (0.0, 1.0), (1.0, 100.0)])
def test_a_percentile_is_one_of_the_values(share, value):
    assert percentile([float(number) for number in range(100, 0, -1)], share) == value


def test_a_ratio_is_ours_over_theirs_and_is_what_the_aim_is_held_against():
    slow = Figure(work="start", peer="bare", unit="ms", ours=300.0, theirs=100.0, aim=at_most(2.0))
    quick = Figure(work="read", peer="other", unit="/s", ours=300.0, theirs=200.0, aim=at_least(1.2))
    assert (slow.ratio, slow.met, quick.ratio, quick.met) == (3.0, False, 1.5, True)


def test_without_a_peer_the_figure_itself_is_held_against_the_aim():
    figure = Figure(work="relay", peer="", unit="ms", ours=90.0, aim=at_most(100))
    assert (figure.ratio, figure.met) == (None, True)


def test_what_has_no_aim_is_neither_met_nor_missed():
    assert Figure(work="memory", peer="bare", unit="MB", ours=90.0, theirs=60.0).met is None


def test_a_figure_as_json():
    figure = Figure(work="start", peer="bare", unit="ms", ours=150.0, theirs=100.0, aim=at_most(2.0))
    assert figure.to_json() == {
        "work": "start",
        "peer": "bare",
        "unit": "ms",
        "ours": 150.0,
        "theirs": 100.0,
        "ratio": 1.5,
        "aim": "≤ 2",
        "met": True,
    }
