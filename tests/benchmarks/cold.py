"""Cold starts: from the start of a process to its first answer."""

from collections.abc import Callable
from functools import partial
from itertools import count

from infra.bench.figures import Aim, Figure, at_most, interleaved, medians
from tests.benchmarks.client import request
from tests.benchmarks.servers import BARE, CREATE, GET, PSYCOPG, Server, first_answer
from tests.benchmarks.stage import Stage

AIMS: tuple[tuple[str, str, str, Aim | None], ...] = (
    ("cold start GET, signed token", "token", BARE.name, at_most(2.0)),
    ("cold start GET, API key", "key", BARE.name, at_most(1.6)),
    ("cold start GET, signed token", "token", PSYCOPG.name, at_most(1.0)),
    ("cold start GET, API key", "key", PSYCOPG.name, at_most(1.0)),
    ("cold start write, signed token", "write", BARE.name, at_most(3.0)),
    ("cold start write, signed token", "write", f"{PSYCOPG.name}, writing", None),
)


def figures(stage: Stage, rounds: int) -> list[Figure]:
    contacts = stage.contacts[0]
    by_key = request("GET", f"/api/v1/crm/contacts/{contacts}", stage.key_headers)
    numbers = count()
    contestants = {
        BARE.name: started(BARE, stage, lambda: request("GET", "/", {})),
        "token": started(GET, stage, lambda: stage.read(0)),
        "key": started(GET, stage, lambda: by_key),
        PSYCOPG.name: started(PSYCOPG, stage, lambda: stage.read(0)),
        "write": started(CREATE, stage, lambda: stage.new_contact(next(numbers))),
        f"{PSYCOPG.name}, writing": started(PSYCOPG, stage, lambda: stage.new_contact(next(numbers))),
    }
    times = medians(interleaved(contestants, rounds, discard=1))
    return [
        Figure(work=work, peer=peer, unit="ms", ours=times[ours], theirs=times[peer], aim=aim)
        for work, ours, peer, aim in AIMS
    ]


def started(server: Server, stage: Stage, message: Callable[[], bytes]) -> Callable[[], float]:
    return partial(_first, server, stage, message)


def _first(server: Server, stage: Stage, message: Callable[[], bytes]) -> float:
    return first_answer(server, stage, message())
