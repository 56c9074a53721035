from shared.core.tenants.events import TenantCreated
from shared.core.tenants.model import Tenant, TenantStatus
from shared.kernel.values import Name


def test_a_tenant_is_its_own_tenant_and_begins_active():
    tenant = Tenant.create(Name("Padaria Aurora"))
    assert tenant.tenant_id == tenant.id
    assert tenant.status is TenantStatus.ACTIVE
    assert tenant.collect() == [TenantCreated(customer_id=tenant.id)]
