"""The controls of the fake WAHA server, under /_fake: what a test or a demo has it do, and what it has seen."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from infra.fakes.waha_events import Party
from infra.fakes.waha_files import FileFault
from infra.fakes.waha_state import Fault, read_session

if TYPE_CHECKING:
    from infra.fakes.waha import FakeWaha


def control(fake: "FakeWaha", method: str, path: list[str], body: Any) -> tuple[int, Any]:
    """Do one call of the control API under /_fake."""
    if method == "GET":
        return _look(fake, path)
    match method, path:
        case "POST", ["sessions"]:
            return 201, fake.state.add(read_session(body)).describe()
        case "POST", ["sessions", name, "past"]:
            return 202, fake.remember(name, body)
        case (("PUT" | "DELETE"), ["sessions", name, "fault"]):
            fake.set_fault(name, Fault(**body) if method == "PUT" else None)
        case (("PUT" | "DELETE"), ["files", "fault"]):
            fake.files.fault = FileFault(**body) if method == "PUT" else None
        case "POST", ["sessions", name, ("deliver" | "acks") as what]:
            _tell(fake, name, what, body)
        case _:
            return 404, {"message": "There is no such control."}
    return 202, {}


def _tell(fake: "FakeWaha", session: str, what: str, body: Any) -> None:
    """Deliver an event, or receipts, to the session's webhook."""
    if what == "deliver":
        fake.deliver(session, body["raw"].encode() if "raw" in body else body)
        return
    for level in body["levels"]:
        fake.ack(session, body["id"], level, Party(**body["reader"]) if "reader" in body else None)


def _look(fake: "FakeWaha", path: list[str]) -> tuple[int, Any]:
    shown = {
        "sent": lambda: [asdict(each) for each in fake.sent],
        "acts": lambda: [asdict(each) for each in fake.acts],
        "files": lambda: fake.files.asked,
        "refused": lambda: fake.refused,
        "deliveries": lambda: [asdict(each) for each in fake.webhooks.deliveries],
        "sessions": lambda: [each.describe() for each in fake.state.sessions.values()],
    }
    name = "/".join(path)
    return (200, shown[name]()) if name in shown else (404, {"message": "There is no such control."})
