import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.errors import Invalid
from shared.kernel.money import Money

cents = st.integers(-(10**15), 10**15)
amounts = cents.map(lambda value: Money(value, "BRL"))


@given(amounts, amounts, amounts)
def test_addition_knows_no_order(one, two, three):
    assert one + two == two + one
    assert (one + two) + three == one + (two + three)


@given(amounts, amounts)
def test_subtraction_undoes_addition(one, two):
    assert one + two - two == one


@given(amounts, st.integers(1, 200))
def test_sharing_out_loses_no_cent_and_is_fair(amount, parts):
    shares = amount.split(parts)
    assert len(shares) == parts
    assert sum(share.cents for share in shares) == amount.cents
    assert max(shares).cents - min(shares).cents <= 1


@given(amounts, amounts)
def test_amounts_are_ordered_as_their_cents(one, two):
    assert (one < two) is (one.cents < two.cents)
    assert sorted([one, two]) == sorted([one, two], key=lambda amount: amount.cents)


@pytest.mark.parametrize("cents", [1.0, "1", None, True])
def test_no_float_is_money(cents):
    with pytest.raises(Invalid):
        Money(cents, "BRL")


@pytest.mark.parametrize("currency", ["", "R$", "brl", "REAL", "B1L", "ÇÃO"])
def test_a_currency_is_an_iso_code(currency):
    with pytest.raises(Invalid):
        Money(1, currency)


@pytest.mark.parametrize("parts", [0, -1])
def test_nothing_is_shared_among_nobody(parts):
    with pytest.raises(Invalid):
        Money(1, "BRL").split(parts)


def test_currencies_do_not_mix():
    real, dollar = Money(1, "BRL"), Money(1, "USD")
    for operation in (real.__add__, real.__sub__, real.__lt__):
        with pytest.raises(Invalid):
            operation(dollar)
    assert real != dollar
