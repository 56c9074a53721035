"""A fake WAHA server: many sessions of every engine, requests checked against WAHA's own OpenAPI document.

python -m infra.fakes.waha --port N --data DIR
"""

import argparse
import json
import signal
import socket
import threading
import time
from concurrent.futures import Future
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from infra.fakes import waha_groups, waha_history, waha_numbers, waha_sessions
from infra.fakes.openapi import Contract, Operation
from infra.fakes.waha_acts import ACTS, SILENT, TOLD, asked, echo
from infra.fakes.waha_controls import control
from infra.fakes.waha_corpus import Corpus
from infra.fakes.waha_events import Party, envelope, make_ack, make_status
from infra.fakes.waha_files import FOLDER, Shelf
from infra.fakes.waha_history import Archive, Dropped, read_kept, read_trouble
from infra.fakes.waha_refusals import Refusal, must_be_able, must_work, not_implemented
from infra.fakes.waha_sends import KINDS, LACKING, answer
from infra.fakes.waha_state import ActRecord, Fault, SentRecord, Session, State
from infra.fakes.webhooks import WebhookDelivery, WebhookSender

ECHO_SECONDS = 20.0
# Fields that WAHA takes and leaves out of its own document.
HIDDEN = {"MessageTextRequest": {"mentions"}, "EditMessageRequest": {"mentions"}}
TIMELOCK = {"statusCode": 500, "exception": {"message": "2 UNKNOWN: server returned error 463"}}


@cache
def contract() -> Contract:
    return Contract(Path(__file__).with_name("waha_openapi.json"), hidden=HIDDEN)


class FakeWaha:
    """The server and its controls. Use as a context manager, or `start` and `stop` it."""

    def __init__(self, data: Path | None = None, *, port: int = 0, host: str = "127.0.0.1") -> None:
        self.state = State(data)
        self.archives: dict[str, Archive] = {}
        self.webhooks = WebhookSender()
        self.files = Shelf(lambda: self.url)
        self._stopping = threading.Event()
        self._server = _Server((host, port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def address(self) -> str:
        """The "host:port" an allow-list would name."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    @property
    def sent(self) -> list[SentRecord]:
        return self.state.sent

    @property
    def whatsapp(self) -> list[SentRecord]:
        """What WhatsApp shows: one message for each id."""
        return [each for each in self.state.sent if not each.duplicate]

    @property
    def acts(self) -> list[ActRecord]:
        return self.state.acts

    @property
    def refused(self) -> list[dict[str, Any]]:
        return self.state.refused

    @property
    def keys(self) -> dict[str, str]:
        """The API key of each session."""
        return {each.name: each.api_key for each in self.state.sessions.values()}

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.webhooks.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def add_session(self, name: str, engine: str, api_key: str = "key", **more: Any) -> Session:
        return self.state.add(Session(name=name, engine=engine, api_key=api_key, **more))

    def archive(self, session: str) -> Archive:
        """What the session remembers of long ago: nothing, unless somebody fills it."""
        return self.archives.setdefault(session, Archive(self.state.sessions[session].engine))

    def remember(self, session: str, told: dict[str, Any]) -> dict[str, Any]:
        """Fill what a session remembers: with a whole `corpus`, with `kept` messages, or with `trouble` in telling."""
        if "corpus" in told:
            self.archives[session] = Corpus(**told["corpus"]).archive(self.state.sessions[session].engine)
        archive = self.archive(session)
        for kept in told.get("kept", ()):
            archive.add(read_kept(kept))
        archive.trouble = read_trouble(told["trouble"]) if "trouble" in told else archive.trouble
        return {"chats": len(archive.chats)}

    def set_fault(self, session: str, fault: Fault | None) -> None:
        self.state.sessions[session].fault = fault

    def deliver(self, session: str, event: dict[str, Any] | bytes) -> "Future[WebhookDelivery]":
        """Send an event to the session's webhook, and keep a message in its chat; bytes go out as they are."""
        known = self.state.sessions[session]
        if known.webhook is None:
            raise ValueError(f"The session {session!r} has no webhook.")
        if isinstance(event, dict) and str(event.get("event")) in {"message", "message.any"}:
            self.files.place(session, event["payload"])
            self.state.keep(known, event["payload"])
        return self.webhooks.send(known.webhook, event, session=session)

    def ack(self, session: str, message_id: str, level: int, reader: Party | None = None) -> None:
        """Tell the webhook how far a message that was sent here has come."""
        known = self.state.sessions[session]
        record = self.state.find(known, message_id)
        if record is None:
            raise ValueError(f"The session {session!r} has sent no message {message_id!r}.")
        group = record.chat_id if record.chat_id.endswith("@g.us") else None
        chat = record.chat_id if group or not known.acks_by_lid else hidden(record.chat_id)
        told = {"chat": chat, "group": group, "message_id": record.id, "me": known.me, "body": record.text}
        self._emit(known, make_ack(known.engine, level, session=session, reader=reader, **told))

    def _emit(self, session: Session, event: dict[str, Any]) -> "Future[WebhookDelivery] | None":
        if session.webhook is None or not session.webhook.wants(event["event"]):
            return None
        return self.webhooks.send(session.webhook, event, session=session.name)

    # What the API does

    def answer(self, operation: Operation, key: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        """Do one operation of the API; raises Refusal and Dropped."""
        name = operation.values.get("session") or {**query, **(body or {})}.get("session", "")
        session = self.state.sessions.get(unquote(name))
        if key not in {each.api_key for each in self.state.sessions.values()}:
            raise Refusal(401, {"message": "Unauthorized", "statusCode": 401})
        if session is None or session.api_key != key:
            raise Refusal(404, {"message": "Session not found", "statusCode": 404})
        return self._do(operation, session, query, body)

    def _do(self, operation: Operation, session: Session, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if operation.id in KINDS:
            return self._send(session, KINDS[operation.id], body)
        if operation.id in ACTS:
            return self._act(session, operation, body)
        if operation.id in waha_history.OPERATIONS:
            chat = operation.values.get("chatId")
            beside = self.state.chat(session, unquote(chat)) if chat else list(session.payloads)
            return waha_history.answer(self.archive(session.name), beside, operation, query)
        if operation.id in waha_sessions.OPERATIONS:
            return self._control_session(session, operation, query, body)
        if operation.id == waha_numbers.OPERATION:
            return self._number(session, query["phone"])
        return self._known(operation, session)

    def _number(self, session: Session, phone: str) -> tuple[int, Any]:
        must_work(session)
        fault, told = waha_numbers.asked(session, phone), waha_numbers.answer(session, phone)
        return self._fail(fault, told) if fault else (200, told)

    def _known(self, operation: Operation, session: Session) -> tuple[int, Any]:
        """Answer what asks for one thing that is known."""
        if operation.id == "ChatsController_getChatMessage":
            return self._message(session, *(unquote(operation.values[name]) for name in ("chatId", "messageId")))
        return 200, self._told(session, operation)

    def _told(self, session: Session, operation: Operation) -> Any:
        if operation.id == "SessionsController_get":
            return session.describe()
        raise Refusal(501, {"message": f"The fake does not do {operation.id}.", "statusCode": 501})

    def _control_session(
        self, session: Session, operation: Operation, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        """Do what changes the session itself, and tell the webhook of its new state."""
        before = session.status
        try:
            told = waha_sessions.answer(session, operation, query, body)
        except waha_sessions.NotNow as error:
            raise Refusal(422, {"message": str(error), "statusCode": 422}) from error
        if session.status != before:
            me = session.me if session.paired else None
            self._emit(session, make_status(session.engine, session.status, session=session.name, me=me))
        return told

    def _message(self, session: Session, chat: str, full: str) -> tuple[int, Any]:
        found = next((each for each in session.payloads if each.get("id") == full), None)
        found = found or self.archive(session.name).message(chat, full)
        if found is None:
            raise Refusal(404, {"message": "Message not found", "statusCode": 404})
        self.files.place(session.name, found)
        return 200, self.files.fetch_again(session.name, found, full.split("_")[2])

    def _send(self, session: Session, kind: str, body: dict[str, Any]) -> tuple[int, Any]:
        must_work(session)
        must_be_able(session, kind, body["chatId"])
        request = self._resolved(session, kind, body)
        fault = self.state.take_fault(session)
        if fault and not fault.reaches_whatsapp:
            return self._fail(fault)
        record, shown = self.state.accept(session, *request)
        if not record.duplicate and not (fault and fault.kind == "no_echo"):
            self._echo(session, record, shown, wait=bool(fault and fault.kind == "echo_first"))
        told = answer(session.engine, kind, shown, int(record.at))
        return self._fail(fault, told) if fault else (201, told)

    def _resolved(self, session: Session, kind: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """What is really sent: of a message that is passed on, the one that it is."""
        if kind != "forward":
            return kind, body
        own, shown = self.state.original(session, body["messageId"]), self.state.shown(session, body["messageId"])
        if shown is None:
            raise Refusal(422, {"message": f"Message with id '{body['messageId']}' not found", "statusCode": 422})
        addressed: dict[str, Any] = {name: body[name] for name in ("chatId", "id") if name in body}
        if own is None:
            return "text", {"text": shown.get("body") or "", **addressed}
        return own.type, {**{name: value for name, value in own.body.items() if name != "id"}, **addressed}

    def _act(self, session: Session, operation: Operation, body: Any) -> tuple[int, Any]:
        """Do what makes no message; what a fault lets through is done all the same."""
        must_work(session)
        fault = self.state.take_fault(session)
        if fault and not fault.reaches_whatsapp:
            return self._fail(fault)
        kind = ACTS[operation.id]
        if kind in LACKING[session.engine]:
            raise Refusal(501, not_implemented(session.engine))
        chat_id, names, value = asked(operation, body or {})
        shown = self.state.shown(session, names[0]) if kind in TOLD else None
        if kind in TOLD and shown is None:
            raise Refusal(404, {"message": "Message not found", "statusCode": 404})
        if kind == "create":
            return self._made(session, waha_groups.Made(chat_id or "", names, value or ""), fault)
        self.state.act(session, kind, chat_id, names, value)
        if shown is not None:
            self._tell(session, echo(session, kind, shown, value, self.state.clock()), fault)
        status = 201 if operation.spec.get("responses", {}).get("201") else 200
        return self._fail(fault, {}) if fault else (status, b"" if kind in SILENT else {})

    def _made(self, session: Session, made: waha_groups.Made, fault: Fault | None) -> tuple[int, Any]:
        """Make a group."""
        self.state.act(session, "create", made.group, made.people, made.subject)
        self._tell(session, waha_groups.echo(session, made, self.state.clock()), fault)
        told = waha_groups.answer(session, made)
        return self._fail(fault, told) if fault else (201, told)

    def _tell(self, session: Session, event: dict[str, Any], fault: Fault | None) -> None:
        if fault is None or fault.kind != "no_echo":
            self._await(self._emit(session, event), wait=bool(fault and fault.kind == "echo_first"))

    def _echo(self, session: Session, record: SentRecord, shown: dict[str, Any], *, wait: bool) -> None:
        told = envelope(session.engine, "message.any", session.name, shown, me=session.me)
        self._await(self._emit(session, told), wait=wait)
        for level in session.auto_acks:
            self.ack(session.name, record.id, level)

    def _await(self, echo: "Future[WebhookDelivery] | None", *, wait: bool) -> None:
        if echo and wait:
            echo.result(ECHO_SECONDS)

    def _fail(self, fault: Fault, answer: Any = None) -> tuple[int, Any]:
        """Answer a send as the fault wants it."""
        if fault.kind in {"hang", "slow"}:
            self._stopping.wait(fault.seconds)
        if fault.kind in {"hang", "drop"}:
            raise Dropped
        if fault.kind == "malformed":
            return 201, b'{"id": {"fromMe": tru'
        errors = {
            "error_500": (500, {"statusCode": 500, "message": "Internal server error"}),
            "error_463": (500, TIMELOCK),
            "error_429": (429, {"statusCode": 429, "message": "Too Many Requests"}),
        }
        return errors.get(fault.kind, (201, answer))


def hidden(chat_id: str) -> str:
    """The hidden id that stands for a phone here, when no customer has told another."""
    return f"1{chat_id.partition('@')[0]}@lid"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], fake: FakeWaha) -> None:
        self.fake = fake
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up: their timeouts are what the faults are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: _Server

    def log_message(self, format: str, *arguments: Any) -> None:
        """Keep quiet: what was refused and what was sent is kept, not printed."""

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except Dropped:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw) if raw else None
            if parts.path.startswith("/_fake/"):
                path = [unquote(each) for each in parts.path.split("/")[2:]]
                return self._reply(*control(self.server.fake, self.command, path, body))
            if self.command == "GET" and parts.path.startswith(FOLDER):
                return self.server.fake.files.serve(self, unquote(parts.path), self.server.fake.keys)
            return self._reply(*self._operate(parts.path, dict(parse_qsl(parts.query)), body))
        except Refusal as refusal:
            told = {"method": self.command, "path": self.path, "status": refusal.status, "why": refusal.body}
            self.server.fake.state.refuse({**told, "at": time.time()})
            return self._reply(refusal.status, refusal.body)
        except (ValueError, KeyError, TypeError) as error:
            return self._reply(400, {"statusCode": 400, "message": f"{type(error).__name__}: {error}"})

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815 - the library's names

    def _operate(self, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        operation = contract().find(self.command, path)
        if operation is None:
            raise Refusal(404, {"message": f"Cannot {self.command} {path}", "statusCode": 404})
        problems = contract().check(operation, query, body)
        if problems:
            raise Refusal(422, {"statusCode": 422, "message": problems, "error": "Unprocessable Entity"})
        return self.server.fake.answer(operation, self.headers.get("X-Api-Key", ""), query, body)

    def _reply(self, status: int, body: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status, HTTPStatus(status).phrase)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a fake WAHA server until it is stopped.")
    parser.add_argument("--port", type=int, default=0, help="where to listen; a free port by default")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--data", type=Path, help="folder in which what was sent survives a restart")
    given = parser.parse_args()
    with FakeWaha(given.data, port=given.port, host=given.host) as fake:
        print(json.dumps({"fake_waha_url": fake.url}), flush=True)
        stopped = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stopped.set())
        stopped.wait()


if __name__ == "__main__":
    main()
