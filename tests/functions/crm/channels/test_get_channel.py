import pytest

from tests.support.borders import hidden
from tests.support.waha import HMAC_KEY, waha_channel

PATH = "/api/v1/crm/channels/{}"


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_sees_a_channel_without_its_secrets(api, world, tenant, role):
    channel = waha_channel(world, api, tenant)
    answer = api.get(PATH.format(channel.id), as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["engine"]) == (str(channel.id), "GOWS")
    assert answer.json["default_agent_id"] == str(channel.agent_id)
    assert not {name for name in answer.json if "key" in name or "token" in name or "url" in name} - {"base_url"}
    for secret in (HMAC_KEY, "waha-key", channel.path.rpartition(".")[2]):
        assert secret not in answer.text


def test_another_tenants_channel_looks_like_one_that_never_was(api, world, tenant, other_tenant):
    assert hidden(api, tenant.admin, "GET", PATH, waha_channel(world, api, other_tenant).id)


def test_a_stranger_sees_nothing(api, world, tenant):
    assert api.get(PATH.format(waha_channel(world, api, tenant).id)).status_code == 401
