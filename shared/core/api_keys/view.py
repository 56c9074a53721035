"""The public face of an API key: all but its secret."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.runtime.query import CALLERS_PROJECT, Source


@dataclass(frozen=True, kw_only=True)
class ApiKeyView:
    """`last_used_at` is up to a minute late; without `scopes` the key reaches as far as its role."""

    id: UUID
    user_id: UUID
    name: str
    role: str
    scopes: list[str] | None
    hint: str
    last_used_at: datetime | None
    expires_at: datetime | None
    created_at: datetime


API_KEYS = Source(
    view=ApiKeyView,
    tables="api_keys k",
    alias="k",
    where=f"""k.project_id = {CALLERS_PROJECT} and k.revoked_at is null
        and (current_setting('app.role', true) = 'admin'
            or k.user_id = nullif(current_setting('app.user_id', true), '')::uuid)""",
    filters=("user_id", "role", "name"),
    sorts=("created_at", "name"),
    noun="api key",
)
