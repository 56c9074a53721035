"""Money: integer cents of one currency; no float touches it."""

import re
from dataclasses import dataclass

from shared.kernel.errors import Invalid


@dataclass(frozen=True, order=False)
class Money:
    """An amount in `cents` of an ISO 4217 `currency`."""

    cents: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise Invalid("an amount of money is a whole number of cents")
        if not re.fullmatch(r"[A-Z]{3}", self.currency):
            raise Invalid("a currency is its three-letter ISO code, as in BRL")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.cents + self._same(other).cents, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.cents - self._same(other).cents, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.cents < self._same(other).cents

    def split(self, parts: int) -> tuple["Money", ...]:
        """Share out with no cent lost: the first parts take the remainder."""
        if parts < 1:
            raise Invalid("money is shared among one or more")
        share, rest = divmod(self.cents, parts)
        return tuple(Money(share + (index < rest), self.currency) for index in range(parts))

    def _same(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise Invalid("two amounts of different currencies cannot be put together")
        return other
