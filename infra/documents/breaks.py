"""What callers of an older description of the API would find broken by a newer one, in sentences."""

from collections.abc import Iterator
from typing import Any

from infra.documents.narrowing import Comparison

Json = dict[str, Any]
ROLES = ("public", "signed", "viewer", "agent", "admin", "service")


def breaks(old: Json, new: Json) -> list[str]:
    """Name every break; what is added breaks nothing."""
    return [sentence for path, methods in old["paths"].items() for sentence in _path(old, new, path, methods)]


def _path(old: Json, new: Json, path: str, methods: Json) -> Iterator[str]:
    if path not in new["paths"]:
        yield f"{path} is gone, with {', '.join(sorted(map(str.upper, methods)))}"
        return
    for method, operation in methods.items():
        place = f"{method.upper()} {path}"
        if method not in new["paths"][path]:
            yield f"{place} is gone"
        else:
            found = _operation(Comparison(old, new, sent=True), operation, new["paths"][path][method])
            yield from (f"{place}: {each}" for each in found)


def _operation(sent: Comparison, old: Json, new: Json) -> Iterator[str]:
    if old["operationId"] != new["operationId"]:
        yield f"it was named {old['operationId']} and is named {new['operationId']}"
    yield from _allowed(old, new)
    yield from _parameters(sent, old, new)
    yield from _body(sent, old.get("requestBody", {}), new.get("requestBody", {}))
    yield from _answers(Comparison(sent.old, sent.new, sent=False), old["responses"], new["responses"])


def _allowed(old: Json, new: Json) -> Iterator[str]:
    if not old.get("security") and new.get("security"):
        yield "it needs a credential now"
    was, now = old.get("x-role", "public"), new.get("x-role", "public")
    if was != now and ROLES.index(now) > ROLES.index(was):
        yield f"it was for {was} and needs the role {now}"


def _parameters(sent: Comparison, old: Json, new: Json) -> Iterator[str]:
    was, now = ({(each["in"], each["name"]): each for each in side.get("parameters", ())} for side in (old, new))
    for key in was.keys() - now.keys():
        yield f"the {_parameter(*key)} is gone"
    for key, parameter in now.items():
        if parameter.get("required") and not was.get(key, {}).get("required"):
            yield f"the {_parameter(*key)} is {'required now' if key in was else 'new and required'}"
        if key in was:
            yield from sent.breaks(was[key]["schema"], parameter["schema"], f"the {_parameter(*key)}")


def _parameter(place: str, name: str) -> str:
    return f"{place} parameter {name}"


def _body(sent: Comparison, old: Json, new: Json) -> Iterator[str]:
    if new.get("required") and not old.get("required"):
        yield "a body is required now"
    if old and not new:
        yield "no body is taken any more"
    elif old:
        yield from _contents(sent, old["content"], new["content"], "the body")


def _answers(answered: Comparison, old: Json, new: Json) -> Iterator[str]:
    for status in old:
        if status not in new:
            yield f"the answer {status} is gone"
        else:
            was, now = (_response(side, each[status]) for side, each in ((answered.old, old), (answered.new, new)))
            for header in was.get("headers", {}).keys() - now.get("headers", {}).keys():
                yield f"the answer {status} has no {header} any more"
            yield from _contents(answered, was.get("content", {}), now.get("content", {}), f"the answer {status}")


def _contents(comparison: Comparison, old: Json, new: Json, name: str) -> Iterator[str]:
    for kind in old:
        if kind not in new:
            yield f"{name} can no longer be {kind}"
        else:
            yield from comparison.breaks(old[kind].get("schema", {}), new[kind].get("schema", {}), name)


def _response(document: Json, response: Json) -> Json:
    """The response itself, where only a reference to it is given."""
    if "$ref" not in response:
        return response
    found: Json = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return found
