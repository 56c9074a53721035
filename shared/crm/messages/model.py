"""A message, received or to be sent, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from shared.crm.chats.model import Chat
from shared.crm.messages.events import (
    MessageAgentAssigned,
    MessageAwaited,
    MessageCancelled,
    MessageCreated,
    MessageDeleted,
    MessageEdited,
    MessageEventAnswered,
    MessageForwarded,
    MessageMediaAnnounced,
    MessageOutcomeUnknown,
    MessagePollVoted,
    MessageQueued,
    MessageReactionAdded,
    MessageReactionRemoved,
    MessageRecalled,
    MessageRetried,
    MessageRevoked,
    MessageSent,
)
from shared.crm.messages.standing import NOT_DELIVERED, Standing
from shared.crm.messages.status import LEVELS, READ, Direction, Level, MessageStatus, SenderKind
from shared.kernel.errors import Conflict, Invalid
from shared.kernel.ids import uuid7
from shared.kernel.inbound import InboundMessage, MessageType, ReactionKind
from shared.kernel.notes import annotated
from shared.kernel.outbound import Draft

__all__ = ["LEVELS", "READ", "Direction", "Level", "Message", "MessageStatus", "Revision", "SenderKind"]

LONGEST_TEXT, LONGEST_CAPTION = 65_536, 4096
# What of a message that waits can be said otherwise, and how long it may get.
_REWORDED = {
    MessageType.TEXT: LONGEST_TEXT,
    **dict.fromkeys((MessageType.IMAGE, MessageType.VIDEO, MessageType.DOCUMENT), LONGEST_CAPTION),
}
OURS = "ours"  # ends the stamp of an edit that was made here
CLOCKS_APART = timedelta(minutes=1)
STALE_AFTER = timedelta(minutes=30)  # a message older than this on arrival gets no reply
_COMING: dict[object, bool] = {"GOING": True, "NOT_GOING": False}


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """What a message said from a time on, and says no more."""

    text: str | None
    said_at: datetime
    stamp: str


@dataclass(eq=False, kw_only=True)
class Message(Standing):
    """What can be done with a message, and what happens to it."""

    @classmethod
    def arrived(
        cls, told: InboundMessage, *, chat: Chat, session_id: UUID | None, at: datetime, sender_id: UUID | None
    ) -> Self:
        """A message that came from the provider: the customer's, or one of ours written on the phone."""
        message = cls(
            id=uuid7(),
            tenant_id=chat.tenant_id,
            project_id=chat.project_id,
            channel_id=chat.channel_id,
            chat_id=chat.id,
            session_id=session_id,
            contact_id=chat.contact_id,
            direction=Direction.OUTBOUND if told.from_me else Direction.INBOUND,
            sender_kind=SenderKind.PHONE if told.from_me else SenderKind.CONTACT,
            sender_contact_id=sender_id,
            external_id=told.external_id,
            provider_id=told.provider_id,
            type=told.type,
            status=MessageStatus.SENT if told.from_me else MessageStatus.RECEIVED,
            text=told.text,
            media=told.media,
            location=told.location,
            cards=list(told.cards) or None,
            quoted_external_id=told.quoted_external_id,
            sent_at=at,
            is_placeholder=told.is_placeholder,
        )
        message._came()
        return message

    def is_known_there(self) -> None:
        """Note that the provider tells of it too, of which only somebody else had told."""
        if self.sender_kind is SenderKind.IMPORT:
            self.sender_kind = SenderKind.PHONE if self.direction is Direction.OUTBOUND else SenderKind.CONTACT

    def fill(self, told: InboundMessage) -> None:
        """Say at last what was announced."""
        self.type, self.text, self.media, self.location = told.type, told.text, told.media, told.location
        self.cards, self.quoted_external_id = list(told.cards) or None, told.quoted_external_id
        self.is_placeholder = False
        self._came()

    @classmethod
    def queue(  # noqa: PLR0913 - all are named, and read by name
        cls,
        *,
        chat: Chat,
        session_id: UUID | None,
        draft: Draft,
        at: datetime,
        sender_kind: SenderKind,
        agent_id: UUID | None = None,
        external_id: str | None = None,
        answers_group_id: UUID | None = None,
        quoted: "Message | None" = None,
        forwarded_from_id: UUID | None = None,
        id: UUID | None = None,
    ) -> Self:
        """A message to be sent; `external_id` is given where the engine lets us choose it."""
        message = cls(
            id=id or uuid7(),
            tenant_id=chat.tenant_id,
            project_id=chat.project_id,
            channel_id=chat.channel_id,
            chat_id=chat.id,
            session_id=session_id,
            contact_id=chat.contact_id,
            direction=Direction.OUTBOUND,
            sender_kind=sender_kind,
            agent_id=agent_id,
            answers_group_id=answers_group_id,
            external_id=external_id,
            type=draft.type,
            status=MessageStatus.QUEUED,
            text=draft.text,
            media=draft.media,
            media_file_id=draft.file_id,
            location=draft.location,
            cards=list(draft.cards) or None,
            poll=draft.poll,
            menu=draft.menu,
            manner=draft.manner,
            quoted_external_id=quoted.external_id if quoted else None,
            quoted_message_id=quoted.id if quoted else None,
            forwarded_from_id=forwarded_from_id,
            sent_at=at,
        )
        message._born()
        message.record(MessageQueued(channel_id=chat.channel_id, **message._names()))
        return message

    def draft(self) -> Draft:
        """What it says, as it is to be sent."""
        return Draft(
            type=self.type,
            text=self.text,
            media=self.media,
            file_id=self.media_file_id,
            location=self.location,
            cards=tuple(self.cards or ()),
            poll=self.poll,
            menu=self.menu,
            manner=self.manner,
        )

    def forwarded(self, to: "Message") -> None:
        """Note that it was passed on, as another message."""
        self.record(MessageForwarded(to_chat_id=to.chat_id, as_message_id=to.id, **self._names()))

    def hold(self, until: datetime, *, has_turn: bool) -> None:
        """Let it wait for its number's pace."""
        self.not_before, self.has_turn = until, has_turn

    def claim(self, at: datetime) -> None:
        """Take it for sending; from here on nobody else may send it."""
        self.status, self.claimed_at = MessageStatus.SENDING, at

    def put_back(self) -> None:
        """Return a claim: the provider could not be reached, or could not just now, so it was certainly not sent."""
        self.status, self.claimed_at = MessageStatus.QUEUED, None

    def was_sent(self, external_id: str | None, provider_id: str | None = None) -> None:
        """Learn that the provider has it: from its answer, from the echo, or from its history."""
        self.external_id = self.external_id or external_id
        self.provider_id = self.provider_id or provider_id
        self._went()
        if self._rank() == 0:
            self._goes_out()
            self._becomes(MessageStatus.SENT)
            self.record(MessageSent(channel_id=self.channel_id, **self._names()))

    def retry(self, at: datetime) -> None:
        """Queue it once more, as the last of its chat. Conflict: it did not fail, or it may have been sent."""
        if self.status is not MessageStatus.FAILED:
            raise Conflict("only a message that failed can be sent again", code="not_failed")
        if self.failure_code == NOT_DELIVERED:
            raise Conflict("WhatsApp took this message and may still deliver it; write it anew", code="may_arrive")
        self.retries += 1
        self._becomes(MessageStatus.QUEUED)
        self.sent_at, self.claimed_at, self.not_before, self.has_turn = at, None, None, False
        self.record(MessageRetried(attempt=self.retries, **self._names()))
        self.record(MessageQueued(channel_id=self.channel_id, **self._names()))

    def rewrite(self, text: str, by: UUID) -> None:
        """Let it say something else. Conflict: it does not wait to be sent. Invalid: it has no words of its own."""
        if self.status is not MessageStatus.QUEUED:
            raise Conflict("only the text of a message that still waits to be sent can be changed", code="not_waiting")
        longest = 0 if self.forwarded_from_id else _REWORDED.get(self.type, 0)
        if not longest:
            raise Invalid("only what a text says, or stands below a file, can be changed", code="not_a_text")
        if len(text) > longest:
            raise Invalid(f"below a file stand at most {longest} characters", code="too_long")
        if text != self.text:
            self.text = text
            self.record(MessageEdited(by=by, **self._names()))

    def edited(self, text: str | None, at: datetime, stamp: str, by: UUID | None = None) -> Revision | None:
        """Take an edit's text, unless a later one is known. What it said before, or would have, comes back."""
        if self.edit_stamp.endswith(OURS) and text == self.text:
            self.edit_stamp = max(stamp, self.edit_stamp)  # the echo of what we changed, by whichever clock
            return None
        if stamp == self.edit_stamp:
            return None
        if stamp < self.edit_stamp:
            return Revision(text=text, said_at=at, stamp=stamp)
        before = Revision(text=self.text, said_at=self.edited_at or self.sent_at, stamp=self.edit_stamp)
        self.text, self.edited_at, self.edit_stamp = text, at, stamp
        self.record(MessageEdited(by=by, **self._names()))
        return before

    def was_edited(self, at: datetime, stamp: str) -> None:
        """Note that what it says is an edit's, unless that is known; what it said before, nobody knows."""
        if not self.edit_stamp:
            self.edited_at, self.edit_stamp = at, stamp

    def says_already(self, text: str | None, since: datetime) -> bool:
        """Whether it was edited to say this since then."""
        return text == self.text and self.edited_at is not None and self.edited_at >= since - CLOCKS_APART

    def recalled(self, at: datetime, by: UUID) -> None:
        """Note that one of us took it back."""
        self.revoked(at)
        self.record(MessageRecalled(by=by, **self._names()))

    def revoked(self, at: datetime) -> None:
        """Note that it was taken back, and when first; what it said stays."""
        if self.revoked_at is None:
            self.record(MessageRevoked(at=at, **self._names()))
        self.revoked_at = min(at, self.revoked_at or at)

    def reacted(self, kind: ReactionKind, reactor_id: UUID | None, value: Any) -> None:
        """Note what somebody, or we, say to it by now; the row is the store's."""
        names = {"reactor_id": reactor_id, **self._names()}
        if kind is ReactionKind.EMOJI:
            self.record(MessageReactionAdded(**names) if value else MessageReactionRemoved(**names))
        elif kind is ReactionKind.VOTE:
            self.record(MessagePollVoted(options=len(value or ()), is_readable=value is not None, **names))
        else:
            self.record(MessageEventAnswered(is_coming=_COMING.get((value or {}).get("response")), **names))

    def annotate(self, notes: Mapping[str, Any]) -> None:
        """Keep notes about it under the names given; a null takes one away. Invalid: these are too many."""
        self.metadata = annotated(self.metadata, notes, "a message")

    def written_by(self, agent_id: UUID) -> None:
        """Count it as that agent's. Conflict: somebody else than we wrote it."""
        if self.direction is Direction.INBOUND:
            raise Conflict("only a message that we sent is written by an agent", code="not_ours")
        if agent_id != self.agent_id:
            self.agent_id = agent_id
            self.record(MessageAgentAssigned(agent_id=agent_id, **self._names()))

    def delete(self, at: datetime, by: UUID) -> None:
        """Show it no more; one that waits to be sent never is. Conflict: it is being sent at this moment."""
        if self.status is MessageStatus.SENDING:
            raise Conflict("this message is being sent just now; try again in a minute", code="being_sent")
        if self.status is MessageStatus.QUEUED:
            self.cancel("deleted")
        self.deleted_at = at
        self.record(MessageDeleted(by=by, **self._names()))

    def lose_track(self, at: datetime) -> None:
        """The provider did not say whether it was sent; from here only the provider's word changes that."""
        self.status, self.unknown_since = MessageStatus.UNKNOWN, at
        self._went()
        self.record(MessageOutcomeUnknown(since=at, **self._names()))

    def cancel(self, reason: str) -> None:
        """Withdraw it before it was claimed."""
        self.status = MessageStatus.CANCELLED
        self.record(MessageCancelled(reason=reason, **self._names()))

    def _went(self) -> None:
        """One that had to wait was said when it went; until then it keeps its place in the order of its chat."""
        if self.claimed_at and self.not_before and self.sent_at < self.not_before:
            self.sent_at = self.claimed_at

    def _came(self) -> None:
        self._born()
        if self.media:
            self.record(MessageMediaAnnounced(**self._names()))

    def _born(self) -> None:
        if self.is_placeholder:
            self.record(MessageAwaited(**self._names()))
            return
        self.record(
            MessageCreated(
                session_id=self.session_id,
                direction=self.direction,
                sender_kind=self.sender_kind,
                type=self.type,
                **self._names(),
            )
        )
