"""Where users and memberships are kept, and which tenants an e-mail may sign in to."""

from uuid import UUID

from shared.core.users.model import MemberRole, Membership, User
from shared.kernel.errors import Conflict, NotFound
from shared.kernel.values import Email
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

users = map_aggregate(User, "users")
memberships = map_aggregate(Membership, "memberships")

# One at a time decides who of a project is an admin; row locks alone would let two demote each other.
_HOLD = "select from projects where tenant_id = :tenant_id and id = :project_id for no key update"
_ADMINS = """
select from memberships m join users u on u.tenant_id = m.tenant_id and u.id = m.user_id
where m.tenant_id = :tenant_id and m.project_id = :project_id and m.role = 'admin' and u.status = 'active' limit 1
"""
_LOGIN = "insert into logins (email, tenant_id, user_id) values (:email, :tenant_id, :user_id)"


class Users(Repository[User]):
    kind = User

    def with_email(self, email: Email) -> User | None:
        return self.first(users.c.email == email)

    def add(self, aggregate: User) -> User:
        """Add the user, and the login that leads from their e-mail to this tenant."""
        added = super().add(aggregate)
        self.uow.run(sql(_LOGIN, email=added.email, tenant_id=added.tenant_id, user_id=added.id))
        return added


class Memberships(Repository[Membership]):
    kind = Membership

    def of(self, user_id: UUID, project_id: UUID) -> Membership | None:
        return self.first(memberships.c.user_id == user_id, memberships.c.project_id == project_id)

    def in_project(self, id: UUID, project_id: UUID) -> Membership:
        """One membership of a project; whoever changes it is the only one who decides about its admins."""
        self.hold_admins(project_id)
        found = self.first(memberships.c.id == id, memberships.c.project_id == project_id, lock=True)
        if found is None:
            raise NotFound("there is no such project member")
        return found

    def led_by(self, user_id: UUID) -> list[UUID]:
        """The projects a person is an admin of, in the one order in which they may be held."""
        led = self.all(memberships.c.user_id == user_id, memberships.c.role == MemberRole.ADMIN)
        return sorted(each.project_id for each in led)

    def remove(self, member: Membership) -> None:
        member.leave()
        self.uow.session.delete(member)

    def hold_admins(self, *project_ids: UUID) -> None:
        """Until the end of the transaction nobody else changes who the admins of these projects are."""
        for project_id in project_ids:
            self.uow.run(sql(_HOLD, tenant_id=self.uow.tenant_id, project_id=project_id))

    def check_admins(self, project_id: UUID) -> None:
        """Conflict when a project, held before, has no active admin any more."""
        if not self.uow.run(sql(_ADMINS, tenant_id=self.uow.tenant_id, project_id=project_id))[0]:
            raise Conflict("a project needs an active admin, and this is the last one", code="last_admin")
