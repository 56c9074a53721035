"""Everything that can happen to a chat."""

from uuid import UUID

from shared.kernel.events import Event


class ChatEvent(Event):
    chat_id: UUID


class ChatCreated(ChatEvent, name="chat.created"):
    kind: str
    contact_id: UUID | None


class ChatParticipantEvent(ChatEvent):
    """`contact_id` is null when it is us."""

    contact_id: UUID | None


class ChatParticipantAdded(ChatParticipantEvent, name="chat.participant_added"):
    pass


class ChatParticipantRemoved(ChatParticipantEvent, name="chat.participant_removed"):
    pass


class ChatParticipantPromoted(ChatParticipantEvent, name="chat.participant_promoted"):
    pass


class ChatParticipantDemoted(ChatParticipantEvent, name="chat.participant_demoted"):
    pass


class ChatSubjectUpdated(ChatEvent, name="chat.subject_updated"):
    pass


class ChatDescriptionUpdated(ChatEvent, name="chat.description_updated"):
    pass


class ChatArchived(ChatEvent, name="chat.archived"):
    pass


class ChatUnarchived(ChatEvent, name="chat.unarchived"):
    pass


class ChatClosed(ChatEvent, name="chat.closed"):
    pass


class ChatReopened(ChatEvent, name="chat.reopened"):
    pass


class ChatLabelAdded(ChatEvent, name="chat.label_added"):
    """`label` is the provider's id of it."""

    label: str


class ChatLabelRemoved(ChatEvent, name="chat.label_removed"):
    label: str


class ChatMerged(Event, name="chat.merged"):
    survivor_id: UUID
    merged_id: UUID


class ChatUnmerged(Event, name="chat.unmerged"):
    survivor_id: UUID
    restored_id: UUID
