"""Where tenants are kept."""

from shared.core.tenants.model import Tenant
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

tenants = map_aggregate(Tenant, "tenants")


class Tenants(Repository[Tenant]):
    kind = Tenant
