import pytest

from tests.support.shop import SESSION, open_shop


@pytest.fixture
def shop(world, api, tenant):
    """A shop whose channel's WAHA session is at hand as `session`."""
    with open_shop(world, api, tenant, bot=False) as shop:
        yield shop


@pytest.fixture
def session(shop):
    return shop.waha.state.sessions[SESSION]


@pytest.fixture
def path(shop):
    return f"/api/v1/crm/channels/{shop.channel.id}"


@pytest.fixture
def nowhere(shop):
    """The channel's server is gone."""
    shop.world.run("update channels set base_url = 'http://127.0.0.1:9' where id = :id", id=shop.channel.id)


@pytest.fixture
def waiting(session):
    """The session waits for a phone."""
    session.status, session.paired = "SCAN_QR_CODE", False
