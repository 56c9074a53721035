"""The public face of a contact."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.crm.contacts.model import ContactSource, Qualification
from shared.kernel.identities import IdentityKind
from shared.runtime.query import CALLERS_PROJECT, Source

# For what hangs on a contact: the one that `:contact_id` stands for, and whether it is there.
NAMED = "(select coalesce(merged_into_id, id) from contacts where id = :contact_id)"
IS_THERE = f"exists (select from contacts where deleted_at is null and id = {NAMED})"

_KNOWN = "c.id in (select i.contact_id from contact_identities i where {} and i.kind = '{}' and i.issuer = '' and {})"


def known(kind: str, condition: str) -> str:
    """The contacts `c` for whom a condition on their identities `i` of a kind holds."""
    return _KNOWN.format(f"i.project_id = {CALLERS_PROJECT}", kind, condition)


@dataclass(frozen=True, kw_only=True)
class IdentityView:
    """A phone is E.164, a LID bare digits; `issuer` is whose id it is, where it is good only there."""

    kind: IdentityKind
    issuer: str
    value: str


@dataclass(frozen=True, kw_only=True)
class ContactView:
    """`phone` and `email` are the latest of those in `identities`; the name may be empty.

    `score` is 0 and `qualification` null until somebody judges what the contact is worth.
    """

    id: UUID
    project_id: UUID
    name: str
    phone: str | None
    email: str | None
    identities: list[IdentityView]
    source: ContactSource
    score: int
    qualification: Qualification | None
    version: int
    created_at: datetime
    updated_at: datetime


_OF_CONTACT = "from contact_identities i where i.tenant_id = c.tenant_id and i.contact_id = c.id and not i.is_variant"
_LATEST = "select i.value {} and i.kind = '{}' order by i.created_at desc, i.value limit 1"
_ALL = """
select coalesce(json_agg(
    json_build_object('kind', i.kind, 'issuer', i.issuer, 'value', i.value) order by i.created_at, i.kind, i.value
), '[]'::json) """

CONTACTS = Source(
    view=ContactView,
    tables="contacts c",
    alias="c",
    columns={
        "phone": _LATEST.format(_OF_CONTACT, IdentityKind.PHONE),
        "email": _LATEST.format(_OF_CONTACT, IdentityKind.EMAIL),
        "identities": _ALL + _OF_CONTACT,
    },
    orders={"name": "c.name_folded"},
    apart={kind: ("i.value", known(kind, "{}")) for kind in ("phone", "email")},
    where=f"c.deleted_at is null and c.merged_into_id is null and c.project_id = {CALLERS_PROJECT}",
    filters=("name", "phone", "email", "source", "score", "qualification", "created_at", "updated_at"),
    sorts=("created_at", "updated_at", "name", "score"),
    noun="contact",
    named="(select coalesce(merged_into_id, id) from contacts where id = :id)",
)
