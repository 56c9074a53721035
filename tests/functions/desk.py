"""A desk where people work with contacts, chats, sessions and messages through the API, in any order."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from werkzeug.test import TestResponse

from infra.fakes.waha_events import Party, make_event
from shared.kernel.ids import uuid7
from tests.functions.desk_model import DeskModel, View, is_open
from tests.support.api import Api
from tests.support.waha import waha_channel
from tests.support.world import World

ENGINE = "GOWS"
ID = re.compile(r"[0-9a-f-]{36}")
CRM = "/api/v1/crm"
PARTIES = [Party(phone=f"551198765000{number}", name=name) for number, name in enumerate(("Ana", "Bia", "Caio"))]
PHONES = [f"+{party.phone}" for party in PARTIES] + ["+5511987650007", "+5511987650008"]
EMAILS = ["ana@example.com", "bia@example.com", "caio@example.com"]
NAMES = ["Ana", "Bia", "Caio"]
SORTS = {
    "contacts": ("name:asc", "name:desc", "created_at:desc", "updated_at:asc"),
    "chats": ("last_message_at:desc", "created_at:asc"),
    "sessions": ("started_at:desc", "last_message_at:asc"),
    "messages": ("sent_at:desc", "sent_at:asc", "created_at:desc"),
}
FILTERS: dict[str, dict[str, Callable[[View], bool]]] = {
    "contacts": {
        "filter[name]=Ana": lambda it: it["name"] == "Ana",
        "filter[name][contains]=IA": lambda it: "ia" in it["name"].lower(),
        "filter[source]=message": lambda it: it["source"] == "message",
    },
    "chats": {"filter[kind]=individual": lambda it: it["kind"] == "individual"},
    "sessions": {
        "filter[status]=open": is_open,
        "filter[held_by]=human": lambda it: it["held_by"] == "human",
        "filter[close_reason]=manual": lambda it: it["close_reason"] == "manual",
    },
    "messages": {
        "filter[direction]=inbound": lambda it: it["direction"] == "inbound",
        "filter[status]=queued": lambda it: it["status"] == "queued",
    },
}
picks = st.integers(0, 7)


def optional(values: list[str]) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(values)


class Desk(RuleBasedStateMachine):
    """One tenant at work; `world`, and `tally`, which counts steps and answers, are set by what runs it."""

    world: World
    tally: Counter[str]

    def __init__(self) -> None:
        super().__init__()
        self.tenant = self.world.new_tenant()
        self.api = Api()
        self.channel = waha_channel(self.world, self.api, self.tenant, engine=ENGINE, bot=False)
        self.model = DeskModel()
        self.said = 0

    def ask(self, method: str, path: str, json: View | None = None, **headers: str) -> TestResponse:
        answer = self.api.request(method, CRM + path, json=json, as_=self.tenant.admin.key, headers=headers)
        if method != "GET":
            self.tally[f"{method} {ID.sub('{id}', path)} {answer.status_code}"] += 1
        return answer

    def shown(self, path: str) -> View:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        return dict(answer.get_json())

    def text(self) -> str:
        self.said += 1
        return f"t{self.said}"

    # Contacts

    @rule(phone=optional(PHONES), email=optional(EMAILS), name=optional(NAMES))
    def somebody_is_registered(self, phone: str | None, email: str | None, name: str | None) -> None:
        told = known(phone, email)
        owners = self.model.owners(told)
        if len(owners) > 1 and owners <= self.model.deleted:
            return  # which of them comes back is not told
        answer = self.ask("POST", "/contacts", given(phone=phone, email=email, name=name))
        if not told:
            assert answer.status_code == 422
        elif living := owners - self.model.deleted:
            assert answer.status_code == 409
            assert answer.get_json()["error"]["details"]["contact_id"] in living
        else:
            self._registered(answer, owners, told, name)

    def _registered(
        self, answer: TestResponse, owners: set[str], told: list[tuple[str, str]], name: str | None
    ) -> None:
        assert answer.status_code == 201, answer.text
        contact_id = answer.get_json()["id"]
        assert owners in (set(), {contact_id}), "somebody who was deleted did not come back"
        before = self.model.seen["contacts"].get(contact_id, {"name": "", "source": "api"})
        self.model.must("contacts", contact_id, name=name or before["name"], source=before["source"])
        self.model.known_by(contact_id, told)

    @precondition(lambda self: self.model.seen["contacts"])
    @rule(
        pick=picks,
        name=optional(NAMES),
        phone=optional(PHONES),
        expected=st.sampled_from([None, None, "right", "stale"]),
    )
    def a_contact_is_changed(self, pick: int, name: str | None, phone: str | None, expected: str | None) -> None:
        contact = chosen(self.model.seen["contacts"], pick)
        owners = self.model.owners(known(phone, None)) - {contact["id"]}
        if owners & self.model.deleted:
            return
        version = contact["version"] - (expected == "stale")
        tag = {"If-Match": f'"{version}"'} if expected else {}
        answer = self.ask("PATCH", f"/contacts/{contact['id']}", given(name=name, phone=phone), **tag)
        if contact["id"] in self.model.deleted:
            assert answer.status_code in {404, 412}
        elif expected == "stale":
            assert answer.status_code == 412
        elif owners:
            assert answer.status_code == 409
        else:
            assert answer.status_code == 200, answer.text
            self.model.must("contacts", contact["id"], name=name or contact["name"])
            self.model.known_by(contact["id"], known(phone, None))

    @precondition(lambda self: self.model.seen["contacts"])
    @rule(pick=picks)
    def a_contact_is_deleted(self, pick: int) -> None:
        contact_id = chosen(self.model.seen["contacts"], pick)["id"]
        answer = self.ask("DELETE", f"/contacts/{contact_id}")
        assert answer.status_code == (404 if contact_id in self.model.deleted else 204)
        self.model.delete(contact_id)
        self.world.advance(2)

    # Conversations

    @rule(party=st.sampled_from(PARTIES))
    def a_customer_writes(self, party: Party) -> None:
        text = self.text()
        at = int(self.world.now().timestamp())
        delivered = self.channel.deliver(make_event(ENGINE, "text", body=text, customer=party, timestamp=at))
        assert delivered.status_code == 200
        told = known(f"+{party.phone}", None)
        contact_id = next(iter(self.model.owners(told)), None) or self._newcomer("contacts")
        before = self.model.seen["contacts"].get(contact_id, {"name": "", "source": "message"})
        if contact_id in self.model.deleted or contact_id not in self.model.seen["contacts"] or not before["name"]:
            self.model.must("contacts", contact_id, name=before["name"] or party.name, source=before["source"])
            self.model.known_by(contact_id, told)
        self._said(contact_id, text, direction="inbound")

    def _newcomer(self, kind: str) -> str:
        """The one thing of a kind that the model does not know."""
        new = {each["id"] for each in self._all(kind)} - self.model.seen[kind].keys()
        assert len(new) == 1, f"{len(new)} new {kind} where one was expected"
        return str(new.pop())

    def _said(self, contact_id: str, text: str, **message: Any) -> None:
        """There is one message more, in the contact's chat and its open session, which begin with it if need be."""
        chat_id = self.model.chat_of(contact_id) or self._newcomer("chats")
        session_id = self.model.open_session(chat_id) or self._newcomer("sessions")
        self.model.must("chats", chat_id, contact_id=contact_id, status="active", open_session_id=session_id)
        self.model.must("sessions", session_id, chat_id=chat_id, contact_id=contact_id, status="open")
        if message["direction"] == "outbound":
            self.model.must("sessions", session_id, held_by="human")
        where = {"chat_id": chat_id, "session_id": session_id, "contact_id": contact_id, "text": text, "type": "text"}
        self.model.must("messages", self._newest(chat_id), **where, **message)

    def _newest(self, chat_id: str) -> str:
        shown = self.shown(f"/messages?limit=100&filter[chat_id]={chat_id}")["data"]
        new = {each["id"] for each in shown} - self.model.seen["messages"].keys()
        assert len(new) == 1, f"{len(new)} new messages where one was expected"
        return str(new.pop())

    @precondition(lambda self: self.model.living())
    @rule(pick=picks)
    def a_colleague_writes(self, pick: int) -> None:
        contact_id = self.model.living()[pick % len(self.model.living())]
        contact, text = self.model.seen["contacts"][contact_id], self.text()
        body = {"contact_id": contact_id, "channel_id": str(self.channel.id), "text": text}
        answer = self.ask("POST", "/messages", body)
        if self.model.chat_of(contact_id) is None and contact["phone"] is None:
            assert answer.status_code == 422
        else:
            assert answer.status_code == 201, answer.text
            self._said(contact_id, text, direction="outbound", status="queued")

    @precondition(lambda self: self.model.seen["sessions"])
    @rule(pick=picks, step=st.sampled_from(["close", "assign", "pause", "resume"]))
    def a_session_is_decided_about(self, pick: int, step: str) -> None:
        session = chosen(self.model.seen["sessions"], pick)
        verb, body = {"close": ("close", None), "assign": ("assign", {})}.get(
            step, ("bot", {"paused": step == "pause"})
        )
        answer = self.ask("POST", f"/sessions/{session['id']}/{verb}", body)
        if not is_open(session):
            assert answer.status_code == 409
            return
        assert answer.status_code == 200, answer.text
        free = {"held_by": "bot", "agent_id": None}
        if step == "close":
            self.model.must("sessions", session["id"], **free, status="closed", close_reason="manual")
            self.model.must("chats", session["chat_id"], open_session_id=None)
            self.world.advance(2)
        else:
            self.model.must("sessions", session["id"], **(free if step == "resume" else {"held_by": "human"}))

    # Reading

    @rule(
        kind=st.sampled_from(sorted(SORTS)), sort=picks, narrow=st.none() | picks, limit=st.integers(1, 4), pick=picks
    )
    def a_list_is_walked(self, kind: str, sort: int, narrow: int | None, limit: int, pick: int) -> None:
        order = SORTS[kind][sort % len(SORTS[kind])]
        filters = sorted(FILTERS[kind])
        name = filters[narrow % len(filters)] if narrow is not None else ""
        fits = FILTERS[kind].get(name, lambda _: True)
        if kind == "messages":
            if not self.model.seen["chats"]:
                return
            chat_id, within = chosen(self.model.seen["chats"], pick)["id"], fits
            name, fits = f"{name}&filter[chat_id]={chat_id}", lambda it: it["chat_id"] == chat_id and within(it)
        path = f"/{kind}?limit={limit}&sort={order}&{name}"
        assert self._walk(path, limit) == self.model.listed(kind, order, fits)

    def _walk(self, path: str, limit: int) -> list[str]:
        """The ids on all pages, forward; and they are the same on the way back."""
        pages, shown = [], self.shown(path)
        pages.append(ids(shown))
        while cursor := shown["paging"]["next"]:
            shown = self.shown(f"{path}&cursor={cursor}")
            pages.append(ids(shown))
        forward = pages[::-1]
        back = [pages[-1]]
        while cursor := shown["paging"]["previous"]:
            shown = self.shown(f"{path}&cursor={cursor}")
            back.append(ids(shown))
        assert back == forward, "the way back shows other pages"
        assert all(len(each) == limit for each in pages[:-1])
        return [each for page in pages for each in page]

    @precondition(lambda self: self.model.seen["contacts"])
    @rule(pick=picks, below=st.sampled_from(["sessions", "messages"]))
    def a_contact_is_looked_at(self, pick: int, below: str) -> None:
        contact_id = chosen(self.model.seen["contacts"], pick)["id"]
        one, many = (
            self.ask("GET", f"/contacts/{contact_id}"),
            self.ask("GET", f"/contacts/{contact_id}/{below}?limit=100"),
        )
        if contact_id in self.model.deleted:
            assert one.status_code == many.status_code == 404
            return
        assert one.get_json() == self.model.seen["contacts"][contact_id]
        mine = {key for key, each in self.model.seen[below].items() if each["contact_id"] == contact_id}
        assert set(ids(many.get_json())) == mine

    @rule(kind=st.sampled_from(sorted(SORTS)))
    def nothing_is_there_under_any_other_id(self, kind: str) -> None:
        assert self.ask("GET", f"/{kind}/{uuid7()}").status_code == 404

    # What must hold after each step

    def _all(self, kind: str) -> list[View]:
        if kind != "messages":
            return list(self.shown(f"/{kind}?limit=100")["data"])
        return [each for chat in self.model.seen["chats"] for each in self._messages(chat)]

    def _messages(self, chat_id: str) -> list[View]:
        return list(self.shown(f"/messages?limit=100&filter[chat_id]={chat_id}")["data"])

    @invariant()
    def all_is_as_the_model_has_it(self) -> None:
        self.tally["steps"] += 1
        for kind in SORTS:
            self.model.compare(kind, self._all(kind))


def chosen(views: dict[str, View], pick: int) -> View:
    return views[sorted(views)[pick % len(views)]]


def given(**fields: str | None) -> View:
    return {name: value for name, value in fields.items() if value is not None}


def known(phone: str | None, email: str | None) -> list[tuple[str, str]]:
    told = (("phone", phone), ("email", email))
    return [(kind, value) for kind, value in told if value]


def ids(shown: View) -> list[str]:
    return [each["id"] for each in shown["data"]]
