"""Where an answer leads: what was made can be read, changed and deleted under the id that was given back."""

from collections.abc import Iterable, Iterator
from typing import get_origin, get_type_hints

from infra.documents.answers import answered
from infra.documents.schemas import Json
from shared.runtime.declarations import Routed
from shared.runtime.http import Endpoint
from shared.runtime.query import Page

CREATED = 201


def add_links(paths: Json, routed: Iterable[Routed]) -> None:
    """Add to every answer that shows something new the links to what takes its id."""
    known = list(routed)
    for each in known:
        if isinstance(each, Endpoint) and each.status == CREATED and get_origin(each.types["return"]) is not Page:
            found = {name: link for name, link in sorted(links(each, known)) if name != each.name}
            if found:
                paths[each.path][each.method.lower()]["responses"][str(CREATED)]["links"] = found


def links(made: Endpoint, known: list[Routed]) -> Iterator[tuple[str, Json]]:
    """The operations below the path where something is made, and those that read what its view names."""
    shown = set(get_type_hints(answered(made.types["return"])))
    for other in known:
        given = {name: _given(made, shown, other, name) for name in sorted(other.placeholders())}
        if given and None not in given.values():
            yield other.name, {"operationId": other.name, "parameters": given}


def _given(made: Endpoint, shown: set[str], other: Routed, name: str) -> str | None:
    """Where the answer, or its request, holds a parameter of another operation's path."""
    if f"{{{name}}}" in made.path and other.path.startswith(made.path):
        return f"$request.path.{name}"
    if "id" in shown and f"{other.path}/".startswith(f"{made.path}/{{{name}}}/"):
        return "$response.body#/id"
    reads = other.method == "GET" and other.path.endswith(f"{{{name}}}")
    return f"$response.body#/{name}" if reads and name in shown else None
