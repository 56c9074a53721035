"""`Idempotency-Key`: a request sent again under its key is answered as it was, and done once."""

import hashlib
import re
from dataclasses import dataclass
from uuid import UUID, uuid5

from flask import Request, Response

from shared.kernel.errors import BadRequest, Conflict, Invalid
from shared.runtime.answers import answer
from shared.runtime.incoming import raw_body
from shared.runtime.postgres import LOCKED, Row, Sql, sql, sqlstate
from shared.runtime.sealing import seal, unseal
from shared.runtime.work import UnitOfWork

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_NEWCOMERS = UUID("5d9f2f0c-6a0e-4f0a-9a53-0f1de8a1c7b4")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,255}")

# Whoever works under the same key has an uncommitted row, on which this waits.
TAKE = """
insert into idempotency_keys as kept (tenant_id, project_id, user_id, key, route, request_sealed)
values (:tenant_id, :project_id, :user_id, :key, :route, :request_sealed)
on conflict (tenant_id, project_id, user_id, key) do update
set route = excluded.route, request_sealed = excluded.request_sealed, status = null, body = null,
    created_at = now(), expires_at = now() + interval '1 day'
where kept.expires_at < now()
returning key
"""
_MINE = "tenant_id = :tenant_id and project_id = :project_id and user_id = :user_id and key = :key"
FIND = f"select route, request_sealed, status, body from idempotency_keys where {_MINE}"  # noqa: S608 - a constant
KEEP = f"update idempotency_keys set status = :status, body = :body where {_MINE}"  # noqa: S608 - as above


@dataclass(frozen=True, kw_only=True)
class Keyed:
    """One request under its key: whose it is and what it asks."""

    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    key: str
    route: str
    fingerprint: str

    def take(self, uow: UnitOfWork) -> Response | None:
        """Claim the key for this transaction, or give the answer that was given before.

        Conflict: the first request is still at work, or its answer was too secret to keep. Invalid: the key
        stands for another request.
        """
        try:
            taken, found = uow.run(self._sql(TAKE, request_sealed=self._sealed()), self._sql(FIND))
        except Exception as error:
            if sqlstate(error) != LOCKED:
                raise
            raise Conflict(
                "a request with this key is still at work; try again shortly", code="idempotency_in_progress"
            ) from error
        return None if taken else self._replay(found[0])

    def keep(self, uow: UnitOfWork, response: Response, *, secret: bool) -> None:
        """Remember the answer with the work; one that holds a secret is remembered as given, not as what it was."""
        body = None if secret else response.get_data(as_text=True)
        uow.run(self._sql(KEEP, status=response.status_code, body=body))

    def _replay(self, row: Row) -> Response:
        route, request_sealed, status, body = row
        if route != self.route or unseal(request_sealed or "", belongs_to=self._owner) != self.fingerprint:
            raise Invalid("this key was used for another request; take a new one", code="idempotency_key_reused")
        if body is None:
            raise Conflict(
                "this was done, but its answer held a secret and was not kept; look at what was made",
                code="answer_not_kept",
            )
        response = answer(int(status or 0), body)
        response.headers[REPLAYED] = "true"
        return response

    def _sql(self, text: str, **values: object) -> Sql:
        return sql(text, **vars(self), **values)

    def _sealed(self) -> str:
        # A body may hold a password, of which no plain hash may rest anywhere.
        return seal(self.fingerprint, belongs_to=self._owner)

    @property
    def _owner(self) -> str:
        return f"idempotency_key:{self.tenant_id}:{self.user_id}"


def keyed(request: Request, uow: UnitOfWork) -> Keyed:
    """The request under the key that it gives. BadRequest: that is no key."""
    caller = uow.caller
    return _keyed(request, caller.tenant_id, caller.project_id, caller.user_id)


def newcomers_key(request: Request, email: str) -> Keyed | None:
    """The same for somebody who opens a tenant, if they give a key: it and their e-mail say which id the tenant has."""
    if HEADER not in request.headers:
        return None
    named = uuid5(_NEWCOMERS, f"{email}\n{request.headers[HEADER]}")
    return _keyed(request, named, named, named)


def _keyed(request: Request, tenant_id: UUID, project_id: UUID, user_id: UUID) -> Keyed:
    key = request.headers.get(HEADER, "")
    if not _PRINTABLE.fullmatch(key):
        raise BadRequest(f"{HEADER} must be 1 to 255 printable ASCII characters", code="bad_idempotency_key")
    return Keyed(
        tenant_id=tenant_id,
        project_id=project_id,
        user_id=user_id,
        key=key,
        route=f"{request.method} {request.path}",
        fingerprint=hashlib.sha256(request.query_string + b"\n" + raw_body(request)).hexdigest(),
    )
