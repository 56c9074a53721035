import pytest

from tests.support.shop import open_shop

ENGINES = ["GOWS", "NOWEB", "WEBJS"]


@pytest.fixture(params=ENGINES)
def any_shop(request, world, api, tenant):
    with open_shop(world, api, tenant, engine=request.param) as shop:
        yield shop


@pytest.fixture
def shop(world, api, tenant):
    with open_shop(world, api, tenant) as shop:
        yield shop


@pytest.fixture
def media_of(api):
    """The only file of a shop, as its rows say it."""

    def find(shop):
        (found,) = shop.world.rows("select * from media_files where tenant_id = :id", id=shop.tenant.tenant_id)
        return found

    return find
