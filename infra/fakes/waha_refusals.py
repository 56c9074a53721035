"""What the fake WAHA does not do, and how it says so."""

from typing import Any

from infra.fakes.waha_sends import LACKING, PERSONS_ONLY
from infra.fakes.waha_state import Session


class Refusal(Exception):
    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(str(body))
        self.status, self.body = status, body


def must_work(session: Session) -> None:
    if session.status != "WORKING":
        said = "Session status is not as expected. Try again later or restart the session"
        raise Refusal(422, {"error": said, "session": session.name, "status": session.status, "expected": ["WORKING"]})


def must_be_able(session: Session, kind: str, chat_id: str) -> None:
    """Refuse what the engine does not have, as it does."""
    if kind in LACKING[session.engine]:
        raise Refusal(501, not_implemented(session.engine))
    if kind in PERSONS_ONLY and not chat_id.endswith(("@c.us", "@lid")):
        raise Refusal(422, {"message": "List message can only be sent to a direct message chat.", "statusCode": 422})


def not_implemented(engine: str) -> dict[str, Any]:
    said = f"The method is not implemented by '{engine}' engine."
    return {"message": said, "statusCode": 501, "error": "Not Implemented"}
