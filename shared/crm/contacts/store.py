"""Where contacts and what they are known by are kept, and how they are found."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.crm import locks
from shared.crm.calls.store import BELONGS
from shared.crm.contacts.model import Contact, with_variants
from shared.kernel.errors import NotFound
from shared.kernel.identities import Identity, IdentityKind
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

contacts = map_aggregate(Contact, "contacts")

_OWNERS = """
select distinct known.contact_id::text from contact_identities known
join jsonb_to_recordset(cast(:identities as jsonb)) as told (kind text, issuer text, value text)
  using (kind, issuer, value)
where known.tenant_id = :tenant_id and known.project_id = :project_id order by 1
"""
_LINK = """
insert into contact_identities as known (tenant_id, project_id, contact_id, kind, issuer, value, is_variant)
select :tenant_id, :project_id, :contact_id, kind, issuer, value, is_variant
from jsonb_to_recordset(cast(:rows as jsonb)) as told (kind text, issuer text, value text, is_variant boolean)
on conflict (tenant_id, project_id, kind, issuer, value) do update set contact_id = excluded.contact_id
where known.contact_id <> excluded.contact_id
returning value
"""
_PHONE = """
select value from contact_identities
where tenant_id = :tenant_id and contact_id = :contact_id and kind = 'phone' and not is_variant
order by created_at desc, value limit 1
"""


class Contacts(Repository[Contact]):
    kind = Contact

    def living(self, id: UUID, *, lock: bool = True) -> Contact:
        """The contact that an id names, itself or the one it became one with. NotFound when it is deleted."""
        contact = self.get(id, lock=lock)
        if contact.merged_into_id:
            contact = self.get(contact.merged_into_id, lock=lock)
        if contact.deleted_at:
            raise NotFound("there is no such contact")
        return contact

    def owners(self, identities: Sequence[Identity]) -> list[Contact]:
        """Whoever is known by any of these; nobody else can become so before this transaction ends."""
        project_id, spellings = self.uow.caller.project_id, _spellings(identities)
        names = (locks.person(project_id, each) for each, _ in spellings)
        told = [_row(each) for each, _ in spellings]
        find = sql(_OWNERS, tenant_id=self.uow.tenant_id, project_id=project_id, identities=told)
        rows = self.uow.run(locks.lock(names), find)[1]
        return [self.get(UUID(row[0])) for row in rows]

    def link(self, contact: Contact, identities: Sequence[Identity]) -> None:
        """Let the contact be known by these, also where a deleted one was; what it is known by already stays."""
        rows = [{**_row(each), "is_variant": is_variant} for each, is_variant in _spellings(identities)]
        names = {"tenant_id": contact.tenant_id, "project_id": contact.project_id, "contact_id": contact.id}
        new = {row[0] for row in self.uow.run(sql(_LINK, rows=rows, **names))[0]}
        for identity in identities:
            if identity.value in new:
                contact.link(identity)
        if new:
            self.touch(contact)
            told = [_row(each) for each, _ in _spellings(identities)]
            self.uow.run(sql(BELONGS, **names, identities=told))

    def phone(self, contact: Contact) -> str | None:
        """The phone to write to."""
        rows = self.uow.run(sql(_PHONE, tenant_id=contact.tenant_id, contact_id=contact.id))[0]
        return rows[0][0] if rows else None


def _spellings(identities: Sequence[Identity]) -> list[tuple[Identity, bool]]:
    return [pair for identity in identities for pair in with_variants(identity)]


def _row(identity: Identity) -> dict[str, Any]:
    return {"kind": identity.kind, "issuer": identity.issuer, "value": identity.value}


def identities_of(*, phone: str | None, email: str | None) -> list[Identity]:
    """What somebody is known by who is known by these."""
    told = ((IdentityKind.PHONE, phone), (IdentityKind.EMAIL, email))
    return [Identity(kind=kind, value=str(value)) for kind, value in told if value]
