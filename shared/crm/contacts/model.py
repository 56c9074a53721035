"""A contact: a person a project talks to, known by phones, LIDs, e-mails and ids of other systems."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar, Self
from uuid import UUID

from shared.crm.contacts.events import (
    ContactCreated,
    ContactDeleted,
    ContactIdentityLinked,
    ContactLeadDisqualified,
    ContactLeadQualified,
    ContactMerged,
    ContactPresenceChanged,
    ContactRestored,
    ContactScoreChanged,
    ContactUnmerged,
    ContactUpdated,
)
from shared.kernel.aggregate import Aggregate
from shared.kernel.identities import Identity, IdentityKind
from shared.kernel.ids import uuid7
from shared.kernel.values import PhoneNumber


class ContactSource(StrEnum):
    MESSAGE = "message"
    API = "api"
    IMPORT = "import"


class Qualification(StrEnum):
    """Whether somebody is worth selling to; None while nobody has judged."""

    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"


@dataclass(eq=False, kw_only=True)
class Contact(Aggregate):
    aggregate_type: ClassVar[str] = "contact"

    id: UUID
    tenant_id: UUID
    project_id: UUID
    version: int = 1
    name: str = ""
    source: ContactSource
    score: int = 0
    qualification: Qualification | None = None
    merged_into_id: UUID | None = None
    deleted_at: datetime | None = None

    @classmethod
    def create(cls, *, tenant_id: UUID, project_id: UUID, source: ContactSource, name: str = "") -> Self:
        contact = cls(id=uuid7(), tenant_id=tenant_id, project_id=project_id, source=source, name=name)
        contact.record(ContactCreated(contact_id=contact.id, source=source))
        return contact

    def rename(self, name: str) -> None:
        if name != self.name:
            self.name = name
            self.record(ContactUpdated(contact_id=self.id, changed=["name"]))

    def introduce(self, name: str | None) -> None:
        """Take the name a person gives themselves, unless we already call them something."""
        if name and not self.name:
            self.rename(name)

    def qualify(self, score: int, qualification: Qualification) -> None:
        """Judge what the contact is worth, from 0 to 100, and whether to go on with them."""
        if score != self.score:
            old, self.score = self.score, score
            self.record(ContactScoreChanged(contact_id=self.id, old=old, new=score))
        if qualification is self.qualification:
            return
        self.qualification = qualification
        if qualification is Qualification.QUALIFIED:
            self.record(ContactLeadQualified(contact_id=self.id, score=score, qualification=qualification))
        else:
            self.record(ContactLeadDisqualified(contact_id=self.id, score=score))

    def link(self, identity: Identity) -> None:
        """Note that the contact is now also known by this identity; its row is the store's."""
        self.record(ContactIdentityLinked(contact_id=self.id, kind=identity.kind))

    def seen(self, *, was_online: bool | None, is_online: bool) -> None:
        """Tell that they have come online or gone; the row is the store's. Whoever was never seen was away."""
        if is_online != bool(was_online):
            self.record(ContactPresenceChanged(contact_id=self.id, is_online=is_online))

    def delete(self, at: datetime) -> None:
        if self.deleted_at is None:
            self.deleted_at = at
            self.record(ContactDeleted(contact_id=self.id))

    def wrote(self, at: datetime) -> None:
        """Come back if deleted before that; what was written earlier and comes late changes nothing."""
        if self.deleted_at is not None and at > self.deleted_at:
            self.restore()

    def restore(self) -> None:
        if self.deleted_at is not None:
            self.deleted_at = None
            self.record(ContactRestored(contact_id=self.id))

    def absorb(self, other: "Contact", merge_id: UUID) -> None:
        """Become the one contact of a person who was two."""
        self.introduce(other.name)
        if self.qualification is None and other.qualification is not None:
            self.qualify(other.score, other.qualification)
        other.merged_into_id = self.id
        self.record(ContactMerged(survivor_id=self.id, merged_ids=[other.id], merge_id=merge_id))

    def release(self, other: "Contact", before: "Contact") -> None:
        """Be two again. Whatever this one has of the other is as it was `before` they were one."""
        if self.name != before.name == "" and self.name == other.name:
            self.rename("")
        if before.qualification is None and (self.score, self.qualification) == (other.score, other.qualification):
            self.score, self.qualification = before.score, None
        other.merged_into_id = None
        self.record(ContactUnmerged(survivor_id=self.id, restored_ids=[other.id]))


@lru_cache(maxsize=4096)
def with_variants(identity: Identity) -> tuple[tuple[Identity, bool], ...]:
    """The identity itself and its other spellings (a Brazilian mobile's ninth digit), each with whether it is one."""
    if identity.kind is not IdentityKind.PHONE:
        return ((identity, False),)
    others = PhoneNumber(identity.value).variants()
    variants = tuple((Identity(kind=identity.kind, value=str(other), issuer=identity.issuer), True) for other in others)
    return ((identity, False), *variants)
