from shared.crm.channels.tasks import RetireChannel
from tests.support.calls import give


def test_a_channel_that_is_not_deleted_is_left(shop, session):
    assert give(shop.tenant.tenant_id, RetireChannel(channel_id=shop.channel.id)) == 204
    assert session.status == "WORKING"


def test_another_tenants_channel_is_left(shop, session, path, api, tenant, other_tenant):
    assert api.delete(path, as_=tenant.admin).status_code == 204
    assert give(other_tenant.tenant_id, RetireChannel(channel_id=shop.channel.id)) == 204
    assert session.status == "WORKING"
