"""Where API keys are kept."""

from uuid import UUID

from shared.core.api_keys.model import ApiKey
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

api_keys = map_aggregate(ApiKey, "api_keys")


class ApiKeys(Repository[ApiKey]):
    kind = ApiKey

    def of_user(self, user_id: UUID, project_id: UUID) -> list[ApiKey]:
        """Those of a person in a project that are not revoked."""
        theirs = (api_keys.c.user_id == user_id, api_keys.c.project_id == project_id)
        return self.all(*theirs, api_keys.c.revoked_at.is_(None), lock=True)
