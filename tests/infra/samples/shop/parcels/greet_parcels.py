from dataclasses import dataclass

from shared.runtime.http import PUBLIC, endpoint


@dataclass(frozen=True)
class Greeting:
    words: list[str]


@endpoint("GET", "/api/v1/sample/greeting", allow=PUBLIC)
def greet_parcels() -> Greeting:
    """Say hello."""
    return Greeting(words=["hello"])
