"""Where API keys are kept."""

from shared.core.api_keys.model import ApiKey
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

api_keys = map_aggregate(ApiKey, "api_keys")


class ApiKeys(Repository[ApiKey]):
    kind = ApiKey
