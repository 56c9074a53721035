from uuid import uuid4

import pytest

from shared.core.users.events import ProjectMemberInvited, UserRegistered
from shared.core.users.model import MemberRole, Membership, User, UserStatus
from shared.kernel.values import Email, Name


def test_a_user_begins_active_and_the_event_names_nobody():
    user = User.register(tenant_id=uuid4(), email=Email("ana@example.com"), name=Name("Ana"), password_hash=None)
    assert user.status is UserStatus.ACTIVE
    assert user.collect() == [UserRegistered(user_id=user.id)]


def test_an_invitation_says_who_and_how_much():
    user_id = uuid4()
    member = Membership.invite(tenant_id=uuid4(), project_id=uuid4(), user_id=user_id, role=MemberRole.AGENT)
    assert member.collect() == [ProjectMemberInvited(user_id=user_id, role="agent")]


@pytest.mark.parametrize(("higher", "lower"), [("admin", "agent"), ("admin", "viewer"), ("agent", "viewer")])
def test_roles_stand_on_a_ladder(higher, lower):
    assert MemberRole(higher).exceeds(MemberRole(lower))
    assert not MemberRole(lower).exceeds(MemberRole(higher))
    assert not MemberRole(higher).exceeds(MemberRole(higher))
