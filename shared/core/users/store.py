"""Where users and memberships are kept, and which tenants an e-mail may sign in to."""

from uuid import UUID

from shared.core.users.model import Membership, User
from shared.kernel.values import Email
from shared.runtime.mapping import map_aggregate
from shared.runtime.postgres import sql
from shared.runtime.work import Repository

users = map_aggregate(User, "users")
memberships = map_aggregate(Membership, "memberships")

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
