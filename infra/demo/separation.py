"""Asking the API, as each tenant, for what is the other's."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from infra.demo.accounts import Books
from infra.demo.checks import Check
from infra.demo.recording import Conversation
from infra.demo.stage import SECONDS, Bakery
from infra.local.cloud import LocalCloud

ID = "{"
READERS = {"viewer", "agent", "admin"}  # whom a tenant's key may be
NOT_FOUND = 404
BAD_REQUEST = 400
# What is there only while a phone is being paired, or once a past was asked for.
PASSING = ("/qr", "/import-status")


class Separation:
    """Reads every list and every single thing that the manifest declares, with both bakeries' keys."""

    def __init__(self, cloud: LocalCloud, books: Books, bakeries: list[Bakery]) -> None:
        functions = json.loads((cloud.data / "manifest.json").read_text())["functions"]
        triggers = [each["trigger"] for each in functions if each["kind"] == "endpoint"]
        self._books, self._bakeries = books, bakeries
        self._paths = [each["path"] for each in triggers if each["method"] == "GET" and each["allow"] in READERS]
        self._api = httpx.Client(base_url=cloud.base_url, trust_env=False, timeout=SECONDS)
        self.asked = 0

    def check(self, recording: list[Conversation]) -> list[Check]:
        with self._api:
            lists = [problem for path in self._paths if ID not in path for problem in self._list(path)]
            singles = [problem for path in self._paths if ID in path for problem in self._single(path)]
            customers = list(self._customers(recording))
        return [
            Check(
                sentence="each bakery knows exactly its own customers, once each, though they share them",
                problems=customers,
            ),
            Check(sentence="no list shows one bakery what is the other's", problems=lists),
            Check(
                sentence=f"the other's ids are not found, as ids that never were ({self.asked} asked)", problems=singles
            ),
        ]

    def _list(self, path: str) -> Iterator[str]:
        one, other = (self._ids(path, bakery, rival) for bakery, rival in self._pairs())
        if one & other:
            yield f"GET {path} shows both the same {len(one & other)} things"

    def _ids(self, path: str, bakery: Bakery, rival: Bakery) -> set[str]:
        """The ids of a list; one that wants a chat is asked for a chat of the other's."""
        answer = self._get(path, bakery)
        if answer.status_code == BAD_REQUEST:
            chat = next(iter(self._books.ids(rival, "chats")), "")
            answer = self._get(f"{path}?filter[chat_id]={chat}", bakery)
        found = answer.json().get("data", []) if answer.is_success else []
        return {each["id"] for each in found if "id" in each}

    def _single(self, path: str) -> Iterator[str]:
        for bakery, rival in self._pairs():
            nothing = self._get(_filled(path, str(uuid4())), bakery)
            for theirs in self._books.ids(rival, _table(path)):
                answer = self._get(_filled(path, theirs), bakery)
                self.asked += 1
                if answer.status_code != NOT_FOUND or _bare(answer) != _bare(nothing):
                    yield f"GET {_filled(path, theirs)} answered {answer.status_code} to {bakery.company.name}"
            for own in [] if path.endswith(PASSING) else self._books.ids(bakery, _table(path))[:1]:
                if not self._get(_filled(path, own), bakery).is_success:
                    yield f"GET {_filled(path, own)} is not shown to {bakery.company.name}, whose it is"

    def _customers(self, recording: list[Conversation]) -> Iterator[str]:
        for bakery in self._bakeries:
            wanted = {f"+{phone}" for each in recording if bakery.key in each.tenants for phone in each.customers}
            contacts = self._get("/api/v1/crm/contacts?limit=100", bakery).json()["data"]
            # A member of a group who never wrote is known by a hidden id alone, until WAHA tells the phone behind it.
            phones = [contact["phone"] for contact in contacts if contact["phone"]]
            if sorted(phones) != sorted(wanted):
                yield f"{bakery.company.name} has {len(phones)} contacts, and {len(wanted)} people wrote to it"

    def _pairs(self) -> list[tuple[Bakery, Bakery]]:
        one, other = self._bakeries
        return [(one, other), (other, one)]

    def _get(self, path: str, bakery: Bakery) -> httpx.Response:
        return self._api.get(path, headers={"X-API-Key": bakery.api_key})


def _filled(path: str, id: str) -> str:
    """The path with the id in all its places."""
    return "/".join(id if part.startswith(ID) else part for part in path.split("/"))


def _table(path: str) -> str:
    """The table that the path's ids are of: "/api/v1/crm/contacts/{contact_id}/events" names contacts."""
    return path.split("/{", maxsplit=1)[0].rpartition("/")[2].replace("-", "_")


def _bare(answer: httpx.Response) -> Any:
    """The body without what is each answer's own."""
    error = answer.json().get("error", {})
    return {name: value for name, value in error.items() if name != "request_id"}
