"""What the fake WAHA does with a session itself: start, stop, log out, pair, and where it delivers."""

from typing import Any

from infra.fakes.openapi import Operation
from infra.fakes.waha_state import Session
from infra.fakes.webhooks import Webhook

# The smallest image there is, as good as any.
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
WAITING, WORKING, STOPPED = "SCAN_QR_CODE", "WORKING", "STOPPED"
VERBS = {
    "SessionsController_start": "start",
    "SessionsController_restart": "start",
    "SessionsController_stop": "stop",
    "SessionsController_logout": "logout",
}
OPERATIONS = {*VERBS, "SessionsController_update", "AuthController_getQR", "AuthController_requestCode"}


class NotNow(Exception):
    """The session is in no state for it; WAHA answers 422."""


def answer(session: Session, operation: Operation, query: dict[str, str], body: Any) -> tuple[int, Any]:
    """Do it, and leave the session in the state that follows; raises NotNow."""
    if operation.id in VERBS:
        _move(session, VERBS[operation.id])
        return 201, _short(session)
    if operation.id == "SessionsController_update":
        config = body.get("config") or {}
        session.webhook = _webhook(config) if "webhooks" in config else session.webhook
        return 200, _short(session)
    if session.status != WAITING:
        raise NotNow(f"Session status is {session.status}, expected SCAN_QR_CODE")
    if operation.id == "AuthController_requestCode":
        session.codes.append(body["phoneNumber"])
        return 201, {"code": f"WAHA-{1000 + len(session.codes)}"}
    raw = f"2@{session.name},fake,pairing"
    return 200, {"value": raw} if query.get("format") == "raw" else {"mimetype": "image/png", "data": PNG}


def _move(session: Session, verb: str) -> None:
    if verb == "logout":
        session.paired = False
    connected = WORKING if session.paired else WAITING
    session.status = STOPPED if verb == "stop" else connected


def _short(session: Session) -> dict[str, Any]:
    return {"name": session.name, "status": session.status, "config": session.config()}


def _webhook(config: dict[str, Any]) -> Webhook | None:
    """The last one of those it is given; the fake delivers to one."""
    listed = config.get("webhooks") or []
    if not listed:
        return None
    told = listed[-1]
    return Webhook(url=told["url"], hmac_key=(told.get("hmac") or {}).get("key"), events=tuple(told["events"]))
