"""Everything that can happen to a chat."""

from uuid import UUID

from shared.kernel.events import Event


class ChatEvent(Event):
    chat_id: UUID


class ChatCreated(ChatEvent, name="chat.created"):
    kind: str
    contact_id: UUID | None


class ChatParticipantAdded(ChatEvent, name="chat.participant_added"):
    contact_id: UUID


class ChatMerged(Event, name="chat.merged"):
    survivor_id: UUID
    merged_id: UUID
