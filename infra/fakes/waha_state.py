"""What the fake WAHA knows: its sessions, their chats, and every send it accepted or request it refused."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from infra.fakes.waha_events import US, Addressing, Party, Said, message_id
from infra.fakes.waha_sends import bare, spoken_as, text_of, told
from infra.fakes.webhooks import Webhook
from shared.providers.waha.ids import address
from shared.providers.waha.messages import Setting, Unreadable, read_message

FAULTS = {"hang", "error_500", "error_463", "error_429", "slow", "malformed", "drop", "echo_first", "no_echo"}
SENT_DESPITE = {"slow", "malformed", "drop", "echo_first", "no_echo"}


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the next `times` sends; `sent` says whether WhatsApp gets the message all the same."""

    kind: str
    times: int = 1
    seconds: float = 30.0
    sent: bool | None = None

    def __post_init__(self) -> None:
        if self.kind not in FAULTS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(sorted(FAULTS))}.")

    @property
    def reaches_whatsapp(self) -> bool:
        return self.kind in SENT_DESPITE if self.sent is None else self.sent


@dataclass(kw_only=True)
class Session:
    """One connected number. `auto_acks` are the levels every accepted send goes through by itself.

    `acks_by_lid`: receipts name the chat by its hidden id, though the message was sent to the phone. `numbers` are
    where phones (digits) are that are not where they are dialled; None: nowhere. `checks` are those asked for.
    """

    name: str
    engine: str
    api_key: str
    status: str = "WORKING"
    me: Party = US
    webhook: Webhook | None = None
    auto_acks: tuple[int, ...] = ()
    acks_by_lid: bool = False
    fault: Fault | None = None
    payloads: list[dict[str, Any]] = field(default_factory=list)
    paired: bool = True
    codes: list[str] = field(default_factory=list)  # phones that a pairing code was asked for
    restrictions: dict[str, Any] = field(default_factory=dict)  # `reachoutTimelock` and `messageCapping`
    numbers: dict[str, str | None] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    checks_fault: Fault | None = None
    unwilling: list[str] = field(default_factory=list)  # addresses of those who let nobody take them into a group

    def config(self) -> dict[str, Any]:
        """What is told of where it delivers; a key is never told."""
        known = self.webhook
        return {"webhooks": [{"url": known.url, "events": list(known.events)}]} if known else {}

    def describe(self) -> dict[str, Any]:
        known = {
            "id": self.me.phone_address,
            "pushName": self.me.name,
            "lid": f"{self.me.lid}@lid",
            **self.restrictions,
        }
        return {
            "name": self.name,
            "status": self.status,
            "config": self.config(),
            "me": known if self.status == "WORKING" else None,
            "presence": None,
            "timestamps": {"activity": int(time.time() * 1000)},
            "engine": {"engine": self.engine},
        }


@dataclass(frozen=True, kw_only=True)
class SentRecord:
    """A send the server accepted; `duplicate` when its id had been sent before, so WhatsApp shows one message.

    `body` is the request; of a message that was passed on, the one with which it was first sent, if it was ours.
    """

    session: str
    chat_id: str
    text: str
    id: str
    reply_to: str | None
    at: float
    duplicate: bool
    type: str = "text"
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ActRecord:
    """Something done to messages or in a chat that makes no new message: an edit, a reaction, a tick, typing."""

    session: str
    type: str
    chat_id: str | None
    ids: list[str]
    value: str | None
    at: float


class Journal:
    """Lines of JSON, written before anything is answered and read again at the start."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "waha.jsonl" if folder else None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> Iterator[dict[str, Any]]:
        """Read what was written; a line cut short by a crash was never answered."""
        if self._path is None or not self._path.exists():
            return
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue

    def write(self, kind: str, entry: dict[str, Any]) -> None:
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"kind": kind, **entry}) + "\n")


class State:
    """Everything the server remembers; its methods may be called from any thread."""

    def __init__(self, folder: Path | None = None) -> None:
        self.sessions: dict[str, Session] = {}
        self.sent: list[SentRecord] = []
        self.acts: list[ActRecord] = []
        self.refused: list[dict[str, Any]] = []
        self.clock: Callable[[], float] = time.time
        self._lock = threading.RLock()
        self._journal = Journal(folder)
        for entry in list(self._journal.read()):
            self._replay(entry.pop("kind"), entry)

    def _replay(self, kind: str, entry: dict[str, Any]) -> None:
        if kind == "session":
            self._place(read_session(entry))
        elif kind == "sent":
            self.sent.append(SentRecord(**entry))
        elif kind == "act":
            self.acts.append(ActRecord(**entry))
        elif kind == "payload":
            self.sessions[entry["session"]].payloads.append(entry["payload"])
        else:
            self.refused.append(entry)

    def _place(self, session: Session) -> None:
        known = self.sessions.get(session.name)
        session.payloads = known.payloads if known else session.payloads
        self.sessions[session.name] = session

    def add(self, session: Session) -> Session:
        """Add a session, or change how a known one is set up; its chats stay."""
        with self._lock:
            self._place(session)
            told = asdict(session) | {"fault": None}
            self._journal.write("session", {name: value for name, value in told.items() if name != "payloads"})
            return session

    def refuse(self, request: dict[str, Any]) -> None:
        with self._lock:
            self.refused.append(request)
            self._journal.write("refused", request)

    def take_fault(self, session: Session) -> Fault | None:
        """Use up one occurrence of the fault that is set."""
        with self._lock:
            fault = session.fault
            if fault is None:
                return None
            fault.times -= 1
            if fault.times <= 0:
                session.fault = None
            return fault

    def accept(self, session: Session, kind: str, body: dict[str, Any]) -> tuple[SentRecord, dict[str, Any]]:
        """Record a send and put its message into the chat, once for every id; give it as the engine tells of it."""
        with self._lock:
            chosen = body.get("id") if session.engine in {"NOWEB", "GOWS"} else None
            record = SentRecord(
                session=session.name,
                chat_id=body["chatId"],
                text=text_of(kind, body),
                id=chosen or message_id(session.engine),
                reply_to=body.get("reply_to"),
                at=self.clock(),
                duplicate=any(each.id == chosen and each.session == session.name for each in self.sent),
                type=kind,
                body=body,
            )
            self.sent.append(record)
            self._journal.write("sent", asdict(record))
            shown = told(session.engine, kind, spoken(session, record), body)
            if not record.duplicate:
                self.keep(session, shown)
            return record, shown

    def act(self, session: Session, kind: str, chat_id: str | None, ids: list[str], value: str | None = None) -> None:
        """Record what was done to messages, and do it to those that are kept."""
        with self._lock:
            record = ActRecord(session=session.name, type=kind, chat_id=chat_id, ids=ids, value=value, at=self.clock())
            self.acts.append(record)
            self._journal.write("act", asdict(record))

    def original(self, session: Session, message_id: str) -> SentRecord | None:
        """The send of ours with that full id."""
        return self.find(session, bare(message_id))

    def shown(self, session: Session, message_id: str) -> dict[str, Any] | None:
        """A message of any chat by its full id, or by the part of it that all its events share."""
        wanted = bare(message_id)
        with self._lock:
            return next((each for each in session.payloads if bare(str(each.get("id"))) == wanted), None)

    def keep(self, session: Session, message: dict[str, Any]) -> None:
        with self._lock:
            session.payloads.append(message)
            self._journal.write("payload", {"session": session.name, "payload": message})

    def find(self, session: Session, bare: str) -> SentRecord | None:
        return next((each for each in self.sent if each.id == bare and each.session == session.name), None)

    def chat(self, session: Session, chat_id: str) -> list[dict[str, Any]]:
        """List a chat's messages, those under its other address too, as WAHA's `merge` does."""
        asked, setting = {address(chat_id)}, Setting(engine=session.engine)
        with self._lock:
            known = [(addresses(each, setting), each) for each in session.payloads]
        aliases = asked.union(*(found for found, _ in known if found & asked))
        return [each for found, each in known if found & aliases]


def addresses(message: dict[str, Any], setting: Setting) -> set[str | None]:
    try:
        return set(read_message(message, setting).chat_addresses)
    except Unreadable:
        return set()


def spoken(session: Session, record: SentRecord) -> Said:
    """Say what was sent as the events of the engine will tell of it."""
    group = record.chat_id if record.chat_id.endswith("@g.us") else None
    return Said(
        kind=spoken_as(record.type),
        body=record.text,
        me=session.me,
        group=group,
        chat=record.chat_id,
        from_me=True,
        source="api",
        message_id=record.id,
        timestamp=int(record.at),
        reply_to=record.reply_to.split("_")[2] if record.reply_to and record.reply_to.count("_") > 1 else None,
        addressing=Addressing.PHONE,
    )


def read_session(told: dict[str, Any]) -> Session:
    """Read a session as the control API and the journal write it."""
    webhook, me, fault = told.get("webhook"), told.get("me"), told.get("fault")
    given = {name: told[name] for name in ("name", "engine", "api_key", "status") if name in told}
    return Session(
        **given,
        auto_acks=tuple(told.get("auto_acks", ())),
        acks_by_lid=bool(told.get("acks_by_lid")),
        me=Party(**me) if me else US,
        webhook=Webhook(**webhook | {"events": tuple(webhook.get("events", ("*",)))}) if webhook else None,
        fault=Fault(**fault) if fault else None,
    )
