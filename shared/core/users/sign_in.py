"""Signing in with e-mail and password: who it could be, who it is, and the token that says so from then on."""

from dataclasses import dataclass
from uuid import UUID

from shared.core.login_sessions.model import Member
from shared.core.login_sessions.use_cases import SignedIn, open_session
from shared.core.users.passwords import fits
from shared.kernel.errors import Conflict, Unauthenticated
from shared.kernel.values import Email
from shared.runtime.identity import tenant_scope
from shared.runtime.parsing import adapter
from shared.runtime.postgres import Row, Sql, connections, sql
from shared.runtime.retry import retried
from shared.runtime.settings import settings
from shared.runtime.work import unit_of_work

# Anybody can register a tenant with anybody's e-mail; the oldest accounts are the ones to try.
MOST_ACCOUNTS = 10

_LOGINS = """
select tenant_id, user_id from logins
where email = :email and tenant_id = coalesce(cast(:tenant_id as uuid), tenant_id)
order by user_id limit :most
"""
_ACCOUNT = """
select json_build_object('tenant_id', t.tenant_id, 'tenant_name', t.name, 'user_id', u.id,
    'project_id', m.project_id, 'password_hash', u.password_hash)
from users u
join tenants t on t.tenant_id = u.tenant_id
join memberships m on m.tenant_id = u.tenant_id and m.user_id = u.id
where u.tenant_id = :tenant_id and u.id = :user_id and u.status = 'active' and t.status = 'active'
order by m.id limit 1
"""


@dataclass(frozen=True, kw_only=True)
class _Account:
    tenant_id: UUID
    tenant_name: str
    user_id: UUID
    project_id: UUID
    password_hash: str | None


def sign_in(email: Email, password: str, tenant_id: UUID | None) -> SignedIn:
    """Find the one account that both fit.

    Unauthenticated: there is none. Conflict `tenant_required`: they fit in several tenants; `details` lists them.
    """
    accounts = _accounts(email, tenant_id)
    fitting = [account for account in accounts if fits(password, account.password_hash)]
    if not accounts:
        fits(password, None)
    if not fitting:
        raise Unauthenticated("the e-mail or the password is wrong", code="wrong_credentials")
    if len(fitting) > 1:
        tenants = [{"id": str(account.tenant_id), "name": account.tenant_name} for account in fitting]
        raise Conflict(
            "this e-mail and password fit in several tenants; say which one in tenant_id",
            code="tenant_required",
            details={"tenants": tenants},
        )
    (account,) = fitting
    who = Member(tenant_id=account.tenant_id, project_id=account.project_id, user_id=account.user_id)
    return retried(lambda: _admit(who), once=True)


def _admit(who: Member) -> SignedIn:
    with unit_of_work(who.tenant_id) as uow:
        signed_in = open_session(uow, who)
        uow.commit()
    return signed_in


def _accounts(email: Email, tenant_id: UUID | None) -> list[_Account]:
    resolver = connections(settings().resolver_database_url)
    logins = resolver.run(sql(_LOGINS, email=email, tenant_id=tenant_id, most=MOST_ACCOUNTS))[0]
    looked_up = [statement for login in logins for statement in _lookup(login)]
    # Each account is read under its own tenant; all of them travel in one round trip.
    found = connections(settings().database_url).run(*looked_up)[1::2] if looked_up else []
    return [_account(rows[0]) for rows in found if rows]


def _lookup(login: Row) -> tuple[Sql, Sql]:
    tenant_id, user_id = login
    return tenant_scope(UUID(tenant_id)), sql(_ACCOUNT, tenant_id=tenant_id, user_id=user_id)


def _account(row: Row) -> _Account:
    account: _Account = adapter(_Account).validate_json(row[0] or "")
    return account
