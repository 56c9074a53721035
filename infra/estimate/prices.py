"""What Google asks for, in billionths of a dollar: no float touches money."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FILE = Path(__file__).with_name("prices.json")


@dataclass(frozen=True, kw_only=True)
class Price:
    """Of one unit, after so many that are `free` in a month; `regional` ones differ from place to place."""

    nanodollars: int
    free: int
    regional: bool


@dataclass(frozen=True, kw_only=True)
class Prices:
    """The list of one day; `dearer` is by how much a region is above it, as a fraction."""

    as_of: str
    source: str
    caution: str
    region: str
    dearer: tuple[int, int]
    by_name: dict[str, Price]

    @classmethod
    def load(cls, region: str, file: Path = FILE) -> Self:
        """LookupError: nobody wrote down how dear that region is."""
        told = json.loads(file.read_text())
        if region not in told["dearer_in"]:
            raise LookupError(f"there are prices for {', '.join(told['dearer_in'])} only")
        numerator, denominator = told["dearer_in"][region]
        return cls(
            as_of=told["as_of"],
            source=told["source"],
            caution=told["caution"],
            region=region,
            dearer=(numerator, denominator),
            by_name={name: Price(**each) for name, each in told["prices"].items()},
        )

    def cost(self, name: str, quantity: int) -> int:
        """What a month's quantity costs, in billionths of a dollar."""
        price = self.by_name[name]
        numerator, denominator = self.dearer if price.regional else (1, 1)
        return max(0, quantity - price.free) * price.nanodollars * numerator // denominator
