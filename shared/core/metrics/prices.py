"""What models cost, as the operator says; a model that is not named has no price, which is not a price of nothing."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Self


@dataclass(frozen=True)
class Prices:
    """By model: billionths of a dollar for a token that goes in, and for one that comes out."""

    by_model: dict[str, tuple[int, int]]

    @classmethod
    @cache
    def of(cls, listed: str) -> Self:
        """Read `{"model": {"input": 300, "output": 2500}}`; ValueError for what are not whole numbers."""
        told = json.loads(listed or "{}")
        return cls({model: (_whole(each["input"]), _whole(each["output"])) for model, each in told.items()})

    def cost(self, model: str, input_tokens: int, output_tokens: int) -> int | None:
        """Billionths of a dollar; None when the model has no price. No tokens cost nothing."""
        if not input_tokens and not output_tokens:
            return 0
        if model not in self.by_model:
            return None
        each_in, each_out = self.by_model[model]
        return input_tokens * each_in + output_tokens * each_out


def _whole(price: object) -> int:
    if type(price) is not int or price < 0:
        raise ValueError("a price is a whole number of billionths of a dollar for one token")
    return price
