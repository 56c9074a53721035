"""Everything that can happen to an API key."""

from uuid import UUID

from shared.kernel.events import Event


class ApiKeyCreated(Event, name="user.api_key_created"):
    user_id: UUID
    key_id: UUID
    role: str


class ApiKeyRevoked(Event, name="user.api_key_revoked"):
    user_id: UUID
    key_id: UUID
