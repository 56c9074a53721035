from uuid import uuid4

import pytest

from shared.core.api_keys.events import ApiKeyCreated
from shared.core.api_keys.model import ApiKey, Owner
from shared.core.users.model import MemberRole
from shared.kernel.errors import Forbidden
from shared.kernel.values import Name


def a_key(own, role=None):
    owner = Owner(tenant_id=uuid4(), project_id=uuid4(), user_id=uuid4(), role=MemberRole(own))
    return ApiKey.create(owner, name=Name("Website"), role=role, secret="abcdefgh", secret_hash="hash")


def test_a_key_has_its_owners_role_unless_told_otherwise():
    assert a_key("agent").role is MemberRole.AGENT
    assert a_key("agent", MemberRole.VIEWER).role is MemberRole.VIEWER


def test_a_key_cannot_do_more_than_its_owner():
    with pytest.raises(Forbidden):
        a_key("agent", MemberRole.ADMIN)


def test_a_key_remembers_only_the_end_of_its_secret():
    key = a_key("admin")
    assert key.hint == "efgh"
    assert "abcdefgh" not in str(vars(key))
    assert key.collect() == [ApiKeyCreated(user_id=key.user_id, key_id=key.id, role="admin")]
