import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from infra.demo.cast import COMPANIES
from infra.demo.recording import Conversation
from infra.demo.separation import Separation
from infra.demo.stage import Bakery

IDS = {"a": {"contacts": ["a1"], "chats": ["a2"]}, "b": {"contacts": ["b1"], "chats": ["b2"]}}
PATHS = ("/api/contacts", "/api/contacts/{contact_id}", "/api/contacts/{contact_id}/events", "/api/messages")


class Api:
    """An API of two tenants that keeps them apart, unless it is told to `leak`."""

    def __init__(self, leak: str = "") -> None:
        self.leak = leak

    def get(self, path: str, bakery: Bakery) -> httpx.Response:
        if path == "/api/v1/crm/contacts?limit=100":
            phones = ["+1"] * (2 if self.leak == "doubles" else 1)
            return httpx.Response(
                200, json={"data": [{"id": str(n), "phone": phone} for n, phone in enumerate(phones)]}
            )
        if path == "/api/contacts":
            return self._list(IDS[bakery.key]["contacts"] + (["a1"] if self.leak == "list" else []))
        if path.startswith("/api/messages"):
            return self._list([]) if "filter[chat_id]" in path else httpx.Response(400, json={"error": {}})
        return self._single(path, bakery)

    def _list(self, ids: list[str]) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"id": each} for each in ids]})

    def _single(self, path: str, bakery: Bakery) -> httpx.Response:
        id = path.split("/")[3]  # noqa: A001 - the path's own word
        if id in IDS[bakery.key]["contacts"]:
            return httpx.Response(404 if self.leak == "nothing" else 200, json={})
        if id in {"a1", "b1"} and self.leak in {"single", "hint"}:
            told = {"error": {"code": "not_found", "message": "not yours"}} if self.leak == "hint" else {}
            return httpx.Response(404 if self.leak == "hint" else 200, json=told)
        return httpx.Response(404, json={"error": {"code": "not_found", "message": "?", "request_id": path}})


def bakery(number: int) -> Bakery:
    return Bakery(company=COMPANIES[number], tenant_id=None, email="", password="", api_key="", lines={})  # type: ignore[arg-type] # nobody asks


@pytest.fixture
def separation(tmp_path: Path, monkeypatch):
    triggers = [{"method": "GET", "path": path, "allow": "viewer"} for path in PATHS]
    triggers += [{"method": "GET", "path": "/health", "allow": "public"}, {**triggers[0], "method": "POST"}]
    functions = [{"kind": "endpoint", "trigger": trigger} for trigger in triggers]
    (tmp_path / "manifest.json").write_text(json.dumps({"functions": functions}))
    cloud: Any = SimpleNamespace(data=tmp_path, base_url="http://127.0.0.1:9")
    books: Any = SimpleNamespace(ids=lambda bakery, table: IDS[bakery.key].get(table, []))

    def with_leak(leak: str) -> list[str]:
        made = Separation(cloud, books, [bakery(0), bakery(1)])
        monkeypatch.setattr(made, "_get", Api(leak).get)
        told: dict[str, Any] = {"name": "c", "title": "C", "channel": "gows", "chats": (), "steps": ()}
        talk = Conversation(**told, tenants=("a", "b"), customers=("1",))
        return [problem for check in made.check([talk]) for problem in check.problems]

    return with_leak


def test_tenants_that_are_apart_leave_nothing_to_say(separation):
    assert separation("") == []


@pytest.mark.parametrize(
    ("leak", "expected"),
    [
        ("list", "GET /api/contacts shows both the same 1 things"),
        ("single", "GET /api/contacts/b1 answered 200 to Padaria Aurora"),
        ("hint", "GET /api/contacts/b1/events answered 404 to Padaria Aurora"),
        ("nothing", "GET /api/contacts/a1 is not shown to Padaria Aurora, whose it is"),
        ("doubles", "Padaria Aurora has 2 contacts, and 1 people wrote to it"),
    ],
)
def test_a_leak_is_found_and_said(separation, leak, expected):
    assert expected in separation(leak)
