"""The public face of the links between the caller and outside issuers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.query import Source


@dataclass(frozen=True, kw_only=True)
class ExternalIdentityView:
    id: UUID
    user_id: UUID
    issuer: str
    subject: str
    created_at: datetime


EXTERNAL_IDENTITIES = Source(
    view=ExternalIdentityView,
    tables="external_identities e",
    alias="e",
    where="e.user_id = nullif(current_setting('app.user_id', true), '')::uuid",
    noun="external identity",
)
