"""Which numbers WhatsApp knows, as a fake session tells it: every one where it was dialled, unless a test says else."""

from typing import Any

from infra.fakes.waha_state import Fault, Session

OPERATION = "ContactsController_checkExists"


def answer(session: Session, phone: str) -> dict[str, Any]:
    """Where the number is; one that is nowhere has no address."""
    found = session.numbers.get(phone, f"{phone}@c.us")
    return {"numberExists": True, "chatId": found} if found else {"numberExists": False}


def asked(session: Session, phone: str) -> Fault | None:
    """Note the question, and use up one occurrence of what goes wrong with questions."""
    session.checks.append(phone)
    fault = session.checks_fault
    if fault is not None:
        fault.times -= 1
        session.checks_fault = fault if fault.times > 0 else None
    return fault
