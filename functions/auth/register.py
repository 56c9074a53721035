"""Sign-up."""

from flask import Request, Response
from pydantic import Field

from shared.core.login_sessions.model import Member
from shared.core.login_sessions.use_cases import SignedIn, open_session
from shared.core.projects.model import Project
from shared.core.projects.store import Projects
from shared.core.tenants.model import Tenant
from shared.core.tenants.store import Tenants
from shared.core.users.model import MemberRole, Membership, User
from shared.core.users.passwords import hash_password
from shared.core.users.store import Memberships, Users
from shared.kernel.values import Email, Name
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.idempotency import Keyed, newcomers_key
from shared.runtime.parsing import Body
from shared.runtime.retry import retried
from shared.runtime.uses import Use
from shared.runtime.work import unit_of_work


class NewTenant(Body):
    tenant_name: Name = Field(description="The company's name.", examples=["Padaria Aurora"])
    name: Name = Field(description="The first admin's name.", examples=["Ana Souza"])
    email: Email = Field(examples=["ana@example.com"])
    password: str = Field(min_length=10, max_length=200, examples=["correct horse battery"])


# A password is hashed in 64 MB of memory: two at once are enough for one instance.
@endpoint(
    "POST",
    "/api/v1/auth/register",
    allow=PUBLIC,
    status=201,
    limit=Limit.AUTH,
    concurrency=2,
    uses=(Use.DATABASE, Use.SIGNING),
)
def register(body: NewTenant, request: Request) -> SignedIn:
    """Open an account: a tenant, its default project and its first admin, signed in."""
    key, password_hash = newcomers_key(request, body.email), hash_password(body.password)
    return retried(lambda: _open(body, key, password_hash), once=True)


def _open(body: NewTenant, key: Keyed | None, password_hash: str) -> SignedIn:
    tenant = Tenant.create(body.tenant_name, key.tenant_id if key else None)
    with unit_of_work(tenant.id) as uow:
        if key:
            key.take(uow)
            key.keep(uow, Response(status=201), secret=True)
        Tenants(uow).add(tenant)
        project = Projects(uow).add(Project.create(tenant_id=tenant.id, name=Name("Default")))
        admin = User.register(tenant_id=tenant.id, email=body.email, name=body.name, password_hash=password_hash)
        user = Users(uow).add(admin)
        place = Membership.invite(tenant_id=tenant.id, project_id=project.id, user_id=user.id, role=MemberRole.ADMIN)
        Memberships(uow).add(place)
        signed_in = open_session(uow, Member(tenant_id=tenant.id, project_id=project.id, user_id=user.id))
        uow.commit()
    return signed_in
