"""Edits and revocations that nobody told of when they were made, and that a history shows."""

from datetime import datetime

from shared.crm.inbound.ledger import Ledger
from shared.crm.inbound.progress import follow
from shared.crm.messages.following import Sequel, SequelKind
from shared.crm.messages.model import Message
from shared.crm.messages.waiting import wait
from shared.kernel.inbound import Edit
from shared.providers.waha.pages import Change


def sequel_of(change: Change, now: datetime) -> Sequel:
    """The same, as what follows upon a message."""
    at = min(change.at or now, now)
    if isinstance(change, Edit):
        return Sequel(kind=SequelKind.EDIT, contact_id=None, key=change.stamp, value=change.text, at=at)
    return Sequel(kind=SequelKind.REVOCATION, contact_id=None, key="", value=None, at=at)


def take_change(ledger: Ledger, message: Message, sequel: Sequel) -> None:
    """Let a message have what was done to it; one that cannot be read yet is given it when it can."""
    if message.is_placeholder and message.external_id:
        names = (message.tenant_id, message.project_id, message.channel_id, message.external_id)
        ledger.afterwards.append(wait(*names, sequel))
    elif sequel.kind is SequelKind.EDIT and sequel.value == message.text:
        message.was_edited(sequel.at, sequel.key)
    else:
        follow(ledger, message, [sequel], {})
