"""Everything that can happen to a contact."""

from uuid import UUID

from shared.kernel.events import Event


class ContactEvent(Event):
    contact_id: UUID


class ContactCreated(ContactEvent, name="contact.created"):
    source: str


class ContactUpdated(ContactEvent, name="contact.updated"):
    changed: list[str]


class ContactDeleted(ContactEvent, name="contact.deleted"):
    pass


class ContactRestored(ContactEvent, name="contact.restored"):
    pass


class ContactScoreChanged(ContactEvent, name="contact.score_changed"):
    old: int
    new: int


class ContactLeadQualified(ContactEvent, name="contact.lead_qualified"):
    score: int
    qualification: str


class ContactLeadDisqualified(ContactEvent, name="contact.lead_disqualified"):
    score: int


class ContactIdentityLinked(ContactEvent, name="contact.identity_linked"):
    kind: str


class ContactPresenceChanged(ContactEvent, name="contact.presence_changed"):
    """They have come online, or gone."""

    is_online: bool


class ContactMerged(Event, name="contact.merged"):
    """`merge_id` is what undoes it."""

    survivor_id: UUID
    merged_ids: list[UUID]
    merge_id: UUID


class ContactUnmerged(Event, name="contact.unmerged"):
    survivor_id: UUID
    restored_ids: list[UUID]
