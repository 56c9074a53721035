import pytest

from shared.core.metrics.prices import Prices

LISTED = '{"gemini": {"input": 300, "output": 2500}, "free": {"input": 0, "output": 0}}'


def test_what_a_run_cost_is_counted_in_whole_billionths():
    assert Prices.of(LISTED).cost("gemini", 1_000_001, 7) == 300_000_300 + 17_500


def test_a_model_without_a_price_is_not_free():
    prices = Prices.of(LISTED)
    assert prices.cost("free", 10, 10) == 0
    assert prices.cost("other", 10, 10) is None
    assert prices.cost("other", 0, 0) == 0
    assert Prices.of("").cost("gemini", 1, 1) is None


@pytest.mark.parametrize("price", ["0.3", "-1", "true", '"300"', "null"])
def test_a_price_that_is_no_whole_number_is_refused(price):
    with pytest.raises(ValueError, match="whole number"):
        Prices.of(f'{{"gemini": {{"input": {price}, "output": 1}}}}')
