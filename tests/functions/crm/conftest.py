"""A channel, and a customer who has written to it."""

import pytest

from tests.support.conversation import Spoken, speak
from tests.support.tenants import Tenant
from tests.support.waha import WahaChannel, waha_channel


@pytest.fixture
def channel(world, api, tenant: Tenant) -> WahaChannel:
    return waha_channel(world, api, tenant)


@pytest.fixture
def spoken(world, channel) -> Spoken:
    return speak(world, channel)


@pytest.fixture
def theirs(world, api, other_tenant) -> Spoken:
    """The same customer has written to another tenant too."""
    return speak(world, waha_channel(world, api, other_tenant))
