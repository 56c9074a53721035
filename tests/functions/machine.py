"""Anything that can happen around a shop's chats, in any order, and what must hold whatever happened."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from infra.fakes.waha_events import Addressing, Party, make_ack, make_event
from infra.fakes.waha_state import Fault
from shared.ai.responders.base import Answer, Question, ResponderError
from shared.ai.runs import answering
from shared.crm.messages import sending
from shared.crm.messages.parcels import Parcel
from shared.providers.waha.client import Unreachable
from shared.runtime.postgres import Sql
from tests.functions.promises import Promises
from tests.support.api import Api
from tests.support.calls import again, tell, tick
from tests.support.shop import SESSION, Shop, open_shop
from tests.support.world import World

ANA = Party(phone="5511987650001", lid="100000000000001", name="Ana")
BIA = Party(phone="5511987650002", lid="100000000000002", name="Bia")
SWEEPS = ("sweep_message_groups", "sweep_messages", "sweep_sessions")
DONE, BUSY = 204, 503
AWAY = "away"  # the server cannot be reached
FAULTS = (None, None, None, AWAY, AWAY, "error_500", "error_463", "drop", "malformed", "no_echo")

customers = st.sampled_from([ANA, ANA, BIA])
addressings = st.sampled_from([Addressing.PHONE, Addressing.LID, Addressing.LID_WITH_PHONE])
ages = st.sampled_from([0, 0, 0, 3, 90, 40 * 60, 3 * 60 * 60])  # seconds that a message was on its way
picks = st.integers(0, 5)
ends = st.sampled_from(["well", "well", "well", "hands over", "silent", "passing", "lasting", "killed"])
faults = st.sampled_from(FAULTS)
deaths = st.sampled_from([None, None, None, "before", "after"])


class Killed(BaseException):
    """The function's process is gone."""


class ReplySide(RuleBasedStateMachine):
    """One shop with a bot; `world` and `empty` are set by the test that runs it."""

    world: World
    empty: list[Sql]

    def __init__(self) -> None:
        super().__init__()
        self.world.admin.run(*self.empty)
        self.open = ExitStack()
        tenant = self.world.new_tenant()
        shop = open_shop(self.world, Api(), tenant, engine=self.engine, debounce_max_wait_ms=30_000)
        self.shop: Shop = self.open.enter_context(shop)
        self.world.run("update projects set session_timeout_minutes = 60")
        self.promises = Promises(self.world, self.shop)
        self.said = 0
        self.heard: list[dict[str, Any]] = []
        self.acknowledged: set[str] = set()
        self.how = "well"
        self.meanwhile: Callable[[], None] | None = None
        self.death: str | None = None
        self.away = False
        self.open.enter_context(patch.object(answering, "responder_for", lambda _: self))
        self.call = sending._call
        self.open.enter_context(patch.object(sending, "_call", self._send))

    engine = "GOWS"

    def teardown(self) -> None:
        try:
            self.how, self.meanwhile, self.death = "well", None, None
            self.shop.waha.set_fault(SESSION, None)
            self._come_to_rest()
            self.promises.check()
            self.promises.check_at_rest()
        finally:
            self.open.close()

    def _come_to_rest(self) -> None:
        """Everything is delivered, and the clock goes on until nothing is left to sweep."""
        for minutes in (0, 2, 3, 16, 16):
            self.world.advance(minutes * 60)
            for sweep in SWEEPS:
                assert tick(sweep) == DONE
            done = self.world.drain(timers=True, tolerate=True)
            assert all(each.endswith(str(BUSY)) for each in done.failures), done.failures
            # What was busy comes again, as everything may.
            for envelope in self.world.events("message_group.completed"):
                assert set(tell(envelope)) <= {DONE, BUSY}

    # What customers and colleagues do

    def _event(self, text: str, **said: Any) -> dict[str, Any]:
        return make_event(self.shop.engine, "text", body=text, **said)

    def _deliver(self, event: dict[str, Any]) -> None:
        answer = self.shop.channel.deliver(event)
        assert answer.status_code == 200, answer.text

    def _text(self) -> str:
        self.said += 1
        return f"t{self.said}"

    def _hears(self, customer: Party, addressing: Addressing = Addressing.PHONE, age: int = 0, **said: Any) -> None:
        at = int(self.world.now().timestamp()) - age
        told = {"customer": customer, "addressing": addressing, "timestamp": at}
        event = self._event(self._text(), **told, **said)
        self.heard.append(event)
        self._deliver(event)

    @rule(customer=customers, addressing=addressings, age=ages, from_me=st.sampled_from([False] * 4 + [True]))
    def somebody_writes(self, customer: Party, addressing: Addressing, age: int, from_me: bool) -> None:
        """A customer, or one of us on the phone."""
        self._hears(customer, addressing, age, from_me=from_me)

    @precondition(lambda self: self.heard)
    @rule(pick=picks)
    def a_delivery_is_repeated(self, pick: int) -> None:
        self._deliver(self.heard[-1 - pick % len(self.heard)])

    @precondition(lambda self: self.shop.waha.sent)
    @rule(pick=picks, level=st.sampled_from([-1, 1, 2, 3]))
    def whatsapp_tells_of_a_message(self, pick: int, level: int) -> None:
        """Its echo, or how far it has come."""
        sent = self.shop.waha.sent[-1 - pick % len(self.shop.waha.sent)]
        told: dict[str, Any] = {"chat": sent.chat_id, "message_id": sent.id, "timestamp": int(sent.at)}
        if level == 1:
            self._deliver(self._event(sent.text, from_me=True, source="api", **told))
        else:
            self._deliver(make_ack(self.shop.engine, level, **told))

    @precondition(lambda self: self.promises.seen["sessions"])
    @rule(pick=picks, step=st.sampled_from(["assign", "pause", "resume", "resume", "close", "write", "start"]))
    def a_colleague_acts(self, pick: int, step: str) -> None:
        if step in {"write", "start"}:
            chats = self.promises.rows("chats", "status <> 'merged'")
            self._turn_to(chats[pick % len(chats)]["id"], step)
        elif found := self.promises.rows("sessions", "status = 'open'"):
            self._decide(found[pick % len(found)]["id"], step)

    def _turn_to(self, chat_id: str, step: str) -> None:
        if step == "write":
            self._post("/api/v1/crm/messages", {"chat_id": chat_id, "type": "text", "text": self._text()})
            return
        answer = self.shop.api.post("/api/v1/crm/sessions", {"chat_id": chat_id}, as_=self.shop.tenant.agent)
        # One is open already.
        assert answer.status_code in {201, 409}, answer.text

    def _decide(self, session_id: str, step: str) -> None:
        path = f"/api/v1/crm/sessions/{session_id}"
        steps: dict[str, tuple[str, dict[str, Any] | None]] = {
            "assign": ("assign", {}),
            "pause": ("bot", {"paused": True}),
            "resume": ("bot", {"paused": False}),
            "close": ("close", {"outcome": "unresolved"}),
        }
        verb, body = steps[step]
        self._post(f"{path}/{verb}", body)

    def _post(self, path: str, body: dict[str, Any] | None) -> None:
        answer = self.shop.api.post(path, body, as_=self.shop.tenant.agent)
        assert answer.status_code in {200, 201}, answer.text

    # What the cloud does

    @rule(seconds=st.sampled_from([1, 6, 16, 31, 61, 91, 125, 910, 3700]), sweep=st.none() | st.sampled_from(SWEEPS))
    def time_passes(self, seconds: int, sweep: str | None) -> None:
        self.world.advance(seconds)
        if sweep:
            assert tick(sweep) == DONE

    @precondition(lambda self: self.promises.seen["pending"])
    @rule()
    def bursts_are_closed(self) -> None:
        self.world.advance(16)
        for row in self.promises.rows("outbox_tasks", "task = 'flush_message_group' and run_at <= now()"):
            assert again(row) == DONE

    @precondition(lambda self: self.promises.seen["tasks"])
    @rule(pick=picks, fault=faults)
    def a_task_runs(self, pick: int, fault: str | None) -> None:
        """One that is due; it may have run before."""
        due = self.promises.rows("outbox_tasks", "coalesce(run_at, now()) <= now()")
        if due:
            with self._faulty(fault):
                assert again(due[-1 - pick % len(due)]) in {DONE, BUSY}

    @precondition(lambda self: self.promises.seen["completed"])
    @rule(pick=picks, how=ends, meanwhile=st.none() | picks)
    def the_bot_is_asked(self, pick: int, how: str, meanwhile: int | None) -> None:
        events = self.world.events("message_group.completed")
        self.how, self.meanwhile = how, self._happening(meanwhile)
        self._told(events[-1 - pick % len(events)])

    @precondition(lambda self: self.promises.seen["queued"])
    @rule(pick=picks, fault=faults, death=deaths, meanwhile=st.none() | picks)
    def a_message_is_sent(self, pick: int, fault: str | None, death: str | None, meanwhile: int | None) -> None:
        """One whose turn it is in its chat, or one that was delivered before."""
        events = self._in_turn()
        self.death, self.meanwhile = death, self._happening(meanwhile)
        envelope = events[-1 - pick % len(events)]
        with self._faulty(fault):
            if self._told(envelope) == DONE:
                self.acknowledged.add(envelope["event_id"])

    def _in_turn(self) -> list[dict[str, Any]]:
        """An ordered subscription gives no later event of a chat before the earlier was acknowledged."""
        waiting: set[str] = set()
        found = []
        for event in self.world.events("message.queued"):
            if event["data"]["chat_id"] not in waiting:
                found.append(event)
            if event["event_id"] not in self.acknowledged:
                waiting.add(event["data"]["chat_id"])
        return found

    def _told(self, envelope: dict[str, Any]) -> int | None:
        """Deliver to the one consumer; None when it was killed."""
        self.promises.look()
        try:
            (status,) = tell(envelope)
        except Killed:
            return None
        assert status in {DONE, BUSY}
        return status

    @contextmanager
    def _faulty(self, fault: str | None) -> Iterator[None]:
        self.away = fault == AWAY
        self.shop.waha.set_fault(SESSION, Fault(kind=fault) if fault and not self.away else None)
        yield
        self.away = False
        self.shop.waha.set_fault(SESSION, None)

    def _happening(self, pick: int | None) -> Callable[[], None] | None:
        """What happens while an outside service is at work."""
        happenings: list[Callable[[], None]] = [
            lambda: self._hears(ANA),
            lambda: self._hears(BIA, Addressing.LID_WITH_PHONE),
            lambda: self._hears(ANA, Addressing.LID_WITH_PHONE, from_me=True),
            lambda: self.a_colleague_acts(0, "assign"),
            lambda: self.a_colleague_acts(0, "write"),
            lambda: self.world.advance(95),
        ]
        return None if pick is None else happenings[pick]

    def _meanwhile(self) -> None:
        happening, self.meanwhile = self.meanwhile, None
        if happening:
            happening()

    # In the place of outside services

    def answer(self, question: Question) -> Answer:
        """What a responder does."""
        self._meanwhile()
        how, self.how = self.how, "well"
        if how == "killed":
            raise Killed
        if how in {"passing", "lasting"}:
            raise ResponderError("the model is away", passing=how == "passing")
        text = None if how == "silent" else self._text()
        return Answer(text=text, hands_over=how == "hands over", responder="machine")

    def _send(self, parcel: Parcel) -> Any:
        death, self.death = self.death, None
        if death == "before":
            raise Killed
        self.promises.claimed(UUID(str(parcel.message_id)))
        self._meanwhile()
        outcome = Unreachable("the server is away") if self.away else self.call(parcel)
        if death == "after":
            raise Killed
        return outcome

    @invariant()
    def every_promise_holds(self) -> None:
        self.promises.check()
