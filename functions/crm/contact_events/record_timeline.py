"""The timeline of contacts."""

from shared.crm.calls.events import ChannelCallAccepted, ChannelCallReceived, ChannelCallRejected
from shared.crm.chats.events import ChatCreated, ChatParticipantAdded, ChatParticipantRemoved
from shared.crm.contact_events.timeline import record
from shared.crm.contacts.events import (
    ContactCreated,
    ContactDeleted,
    ContactIdentityLinked,
    ContactLeadDisqualified,
    ContactLeadQualified,
    ContactMerged,
    ContactRestored,
    ContactScoreChanged,
    ContactUpdated,
)
from shared.crm.messages.events import MessageCancelled, MessageCreated, MessageFailed, MessageOutcomeUnknown
from shared.crm.sessions.events import (
    SessionAgentAssigned,
    SessionBotPaused,
    SessionBotResumed,
    SessionClosed,
    SessionEscalated,
    SessionMerged,
    SessionReopened,
    SessionResolved,
    SessionStarted,
)
from shared.kernel.events import Event
from shared.runtime.consume import Envelope, consumer
from shared.runtime.work import UnitOfWork


# The ticks of a message are the message's own to show; here they would bury the rest.
@consumer(
    ContactCreated,
    ContactUpdated,
    ContactDeleted,
    ContactRestored,
    ContactIdentityLinked,
    ContactMerged,
    ContactScoreChanged,
    ContactLeadQualified,
    ContactLeadDisqualified,
    ChatCreated,
    ChatParticipantAdded,
    ChatParticipantRemoved,
    ChannelCallReceived,
    ChannelCallAccepted,
    ChannelCallRejected,
    SessionStarted,
    SessionResolved,
    SessionClosed,
    SessionReopened,
    SessionMerged,
    SessionAgentAssigned,
    SessionBotPaused,
    SessionBotResumed,
    SessionEscalated,
    MessageCreated,
    MessageFailed,
    MessageCancelled,
    MessageOutcomeUnknown,
)
def record_timeline(uow: UnitOfWork, event: Event, envelope: Envelope) -> None:
    """Note what happened in the timeline of the contact it happened with."""
    contact_id = event.survivor_id if isinstance(event, ContactMerged) else getattr(event, "contact_id", None)
    if contact_id:
        record(uow, contact_id, envelope)
