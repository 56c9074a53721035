"""Whether a message that a provider tells of is one that we sent, where no id says so."""

from shared.crm.messages.cards import is_same
from shared.kernel.inbound import Card, InboundMessage, Location, MessageType
from shared.kernel.outbound import Draft

NEAR = 0.0001  # degrees; about ten metres
_SHOWN_AS = {
    MessageType.AUDIO: {MessageType.AUDIO, MessageType.VOICE, MessageType.DOCUMENT},
    MessageType.VOICE: {MessageType.VOICE, MessageType.AUDIO},
}


def is_echo(draft: Draft, told: InboundMessage) -> bool:
    """Whether it says what the draft does, as far as an echo repeats it."""
    if told.type not in _SHOWN_AS.get(draft.type, {draft.type}):
        return False
    if draft.type is MessageType.LOCATION:
        return draft.location is not None and told.location is not None and _same_place(draft.location, told.location)
    if draft.type is MessageType.CONTACT:
        return len(draft.cards) == len(told.cards) and all(map(_same_card, draft.cards, told.cards))
    return _plain(told.text) in _texts(draft)


def _texts(draft: Draft) -> set[str]:
    """What an echo may show as its text. A document without a caption is shown by its name on some engines."""
    named = draft.media.file_name if draft.media and not draft.text else None
    return {_plain(draft.text)} | ({_plain(named)} if named else set())


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())


def _same_card(ours: Card, theirs: Card) -> bool:
    return is_same(ours.vcard, theirs.vcard)


def _same_place(ours: Location, theirs: Location) -> bool:
    pairs = ((ours.latitude, theirs.latitude), (ours.longitude, theirs.longitude))
    return all(abs(float(one) - float(other)) < NEAR for one, other in pairs)
