import pytest
from pg8000.exceptions import DatabaseError
from sqlalchemy.exc import DBAPIError

from shared.core.users.model import MemberRole, Membership, User
from shared.core.users.store import Memberships, Users
from shared.kernel.values import Email, Name
from shared.runtime.work import unit_of_work


def a_user(tenant, email="bia@example.com"):
    return User.register(tenant_id=tenant.tenant_id, email=Email(email), name=Name("Bia"), password_hash=None)


def test_a_user_comes_back_as_they_went_in(tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        user = Users(uow).add(a_user(tenant))
        uow.commit()
    with unit_of_work(tenant.tenant_id) as uow:
        found = Users(uow).with_email(Email("BIA@example.com"))
    assert found is not None
    assert (found.id, type(found.email), found.name) == (user.id, Email, "Bia")


def test_an_email_is_found_in_its_own_tenant_only(tenant, other_tenant):
    with unit_of_work(other_tenant.tenant_id) as uow:
        assert Users(uow).with_email(Email(tenant.admin.email)) is None


def test_a_tenant_has_an_email_once(tenant):
    with unit_of_work(tenant.tenant_id) as uow, pytest.raises((DBAPIError, DatabaseError)):
        Users(uow).add(a_user(tenant, tenant.admin.email))


def test_a_login_comes_with_the_user_and_goes_with_a_rollback(tenant, world):
    count = "select count(*) from logins where email = 'bia@example.com'"
    with unit_of_work(tenant.tenant_id) as uow:
        Users(uow).add(a_user(tenant))
    assert world.value(count) == 0
    with unit_of_work(tenant.tenant_id) as uow:
        Users(uow).add(a_user(tenant))
        uow.commit()
    assert world.value(count) == 1


def test_a_membership_is_found_by_person_and_project(tenant):
    with unit_of_work(tenant.tenant_id) as uow:
        found = Memberships(uow).of(tenant.agent.user_id, tenant.project_id)
        assert isinstance(found, Membership)
        assert found.role is MemberRole.AGENT
        assert Memberships(uow).of(tenant.agent.user_id, tenant.tenant_id) is None
