"""The memory of a function that has answered a few hundred times."""

from itertools import count, islice

from infra.bench.figures import Figure
from tests.benchmarks.client import ask, load, request
from tests.benchmarks.servers import BARE, CREATE, GET, RECEIVE, Server, started
from tests.benchmarks.stage import CHATS, Stage

CALLS = 300


def figures(stage: Stage, rounds: int) -> list[Figure]:
    bare = warm(BARE, stage, [request("GET", "/", {})] * CALLS)
    fresh = count(50_000_000)
    calls = {
        GET: [stage.read(number) for number in range(CALLS)],
        CREATE: [stage.new_contact(number) for number in islice(fresh, CALLS)],
        RECEIVE: [stage.delivery(number, CHATS) for number in range(CALLS)],
    }
    return [
        Figure(work=f"memory, {server.name}", peer=BARE.name, unit="MB", ours=warm(server, stage, made), theirs=bare)
        for server, made in calls.items()
    ]


def warm(server: Server, stage: Stage, messages: list[bytes]) -> float:
    with started(server, stage) as running:
        assert load_all(running.port, messages) > 0
        return running.megabytes


def load_all(port: int, messages: list[bytes]) -> float:
    ask(port, messages[0])
    return load(port, iter(messages[1:]), connections=4, seconds=60).per_second
