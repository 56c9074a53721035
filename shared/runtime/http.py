"""The endpoint declaration, and the one path every request takes."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Unpack, get_args, get_origin

from flask import Request, Response
from pg8000.exceptions import DatabaseError

from shared.kernel.errors import BadRequest, DomainError, NotFound, Unavailable
from shared.runtime.answers import answer, problem, refusal
from shared.runtime.declarations import Deployment, Kind, Limit, Routed
from shared.runtime.identity import PUBLIC, SERVICE, Allow, Claim, Principal, Role, claim_of, permit
from shared.runtime.incoming import raw_body, read_path
from shared.runtime.limits import PER_USER, Turnstile, client_address, network
from shared.runtime.postgres import LOCKED, TOO_SLOW, connections, is_lost, sqlstate
from shared.runtime.precondition import expected
from shared.runtime.preflight import READABLE
from shared.runtime.query import One, Page
from shared.runtime.retry import retried
from shared.runtime.settings import settings
from shared.runtime.spans import SpanKind, called, offered
from shared.runtime.telemetry import configure, request_id, say
from shared.runtime.uses import Use

if TYPE_CHECKING:
    from shared.runtime.idempotency import Keyed
    from shared.runtime.work import UnitOfWork

Handler = Callable[..., Any]
CREATED, ACCEPTED = 201, 202
# What it takes to know those who call without a role.
_KNOWING: dict[Allow, set[Use]] = {PUBLIC: set(), SERVICE: {Use.TOKENS}}


@dataclass(frozen=True, kw_only=True)
class Endpoint(Routed):
    """An HTTP function. Its handler's first parameter says what it may do.

    None of the below: a read, which returns a `One` or a `Page`.
    `uow`: one transaction, committed when the handler returns.
    `transactions`: opens transactions itself (`CallerTransactions`), as it asks an outside service between them.
    """

    kind: ClassVar[Kind] = Kind.ENDPOINT
    provided: ClassVar[frozenset[str]] = frozenset({"uow", "transactions", "body", "query", "filters", "request"})

    status: int
    errors: tuple[type[DomainError], ...] = ()
    secret: bool = False
    may_begin: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if "return" not in self.types:
            raise TypeError(f"{self.name} must say what it returns: it is the documents' response")

    @property
    def reads(self) -> bool:
        return not {"uow", "transactions"} & self.types.keys() and get_origin(self.types["return"]) in (One, Page)

    @property
    def standard_uses(self) -> set[Use]:
        """Who must be known is known by rows and tokens; whoever is counted, by a counter."""
        counted = {Use.COUNTERS} if self.limit in PER_USER else set()
        known = _KNOWING.get(self.allow, {Use.DATABASE, Use.RESOLVER, Use.TOKENS})
        return counted | known | ({Use.ENCRYPTION} if self.takes_key else set())

    @property
    def successes(self) -> set[int]:
        return {self.status, *({ACCEPTED} if self.may_begin else ())}

    @property
    def takes_key(self) -> bool:
        """Whether a caller may send `Idempotency-Key`."""
        return self.method in {"POST", "PATCH"} and ("uow" in self.types or "request" in self.types)

    @cached_property
    def shows_version(self) -> bool:
        """Whether the answer is one thing with a version, which `ETag` repeats."""
        view = get_args(self.types["return"])[:1] if get_origin(self.types["return"]) is One else ()
        return any("version" in getattr(each, "__dataclass_fields__", ()) for each in view)

    @property
    def takes_version(self) -> bool:
        """Whether a caller may send `If-Match`: the path names what is changed, and that has a version."""
        changes = self.status != CREATED and (self.shows_version or self.method == "DELETE")
        return "uow" in self.types and bool(self.placeholders()) and changes

    def serve(self, request: Request) -> Response:
        """Answer one request, whatever happens."""
        configure()
        incoming = request.headers
        own = request_id(incoming.get("X-Request-Id"))
        came = offered(incoming.get)
        with called(SpanKind.SERVER, came, function=self.name, request_id=own, correlation_id=own) as call:
            turnstile = Turnstile(self.limit)
            response = call.answered(self._safely(request, turnstile))
            response.headers.update(turnstile.headers)
            if "Origin" in incoming:
                response.headers.update(READABLE)
            say("answered", status=response.status_code)
            return response

    def _safely(self, request: Request, turnstile: Turnstile) -> Response:
        try:
            return self._answer(request, turnstile)
        except DomainError as error:
            return refusal(error)
        except Exception as error:  # noqa: BLE001 - the last line before the wire
            return self._invalid(error) if is_invalid(error) else self._failed(error)

    def _invalid(self, error: Any) -> Response:
        from shared.runtime.parsing import problems

        return problem(422, "invalid", "some fields are not as they must be; see details", problems(error))

    def _failed(self, error: Exception) -> Response:
        if is_lost(error):
            say("the database is away", error=True)
            return refusal(Unavailable("the database cannot be reached just now; try again shortly"))
        if sqlstate(error) == TOO_SLOW:
            return refusal(
                Unavailable("this took longer than 10 seconds and was stopped; ask for less", code="too_slow")
            )
        if sqlstate(error) == LOCKED:
            return refusal(Unavailable("somebody else is changing the same thing; try again shortly", code="busy"))
        say("failed", level=40, error=True, sqlstate=sqlstate(error))
        return problem(500, "internal", "something went wrong on our side; the request id finds it in our logs")

    def _answer(self, request: Request, turnstile: Turnstile) -> Response:
        if self.allow is SERVICE:
            from shared.runtime.services import service_of

            say("called", service=service_of(request.headers.get))
            return self._reply(self.handler(**self._arguments(request)))
        if self.allow is PUBLIC:
            return self._welcome(request, turnstile)
        claim = claim_of(request.headers.get, self.scope)
        if "transactions" in self.types:
            return self._outwards(request, claim, turnstile)
        way = self._read if self.reads else self._write
        return way(request, claim, turnstile)

    def _outwards(self, request: Request, claim: Claim, turnstile: Turnstile) -> Response:
        """Prove the caller first; from then on the handler says when a transaction is open, and when none is."""
        from shared.runtime.calling import CallerTransactions

        transactions = CallerTransactions(claim, self.role, turnstile)
        with transactions.begin():
            pass
        return self._reply(self.handler(transactions, **self._arguments(request)))

    def _welcome(self, request: Request, turnstile: Turnstile) -> Response:
        """Answer somebody who is not known: their address counts, and the e-mail that they name."""
        turnstile.admit_unknown("network", network(client_address(request.headers.get("X-Forwarded-For"))))
        arguments = self._arguments(request)
        turnstile.admit_unknown("email", getattr(arguments.get("body"), "email", ""))
        return self._reply(self.handler(**arguments))

    def _read(self, request: Request, claim: Claim, turnstile: Turnstile) -> Response:
        pool = connections(settings().database_url)
        try:
            wanted = self.handler(**self._arguments(request))
        except Exception as error:
            if not isinstance(error, DomainError) and not is_invalid(error):
                raise
            # Who may not ask at all is told so before being told what is wrong with the question.
            turnstile.admit(self._prove(claim, pool.run(claim.begin(), claim.proof)[1]))
            raise
        try:
            rows = pool.run(claim.begin(), claim.proof, wanted.sql)
        except DatabaseError as error:
            # What is too much for the database costs it more than what is not, so it counts too.
            if len(completed := getattr(error, "completed", [])) > 1:
                turnstile.admit(self._prove(claim, completed[1]))
            raise
        turnstile.admit(self._prove(claim, rows[1]))
        return self._found(rows[2], wanted)

    def _prove(self, claim: Claim, rows: list[Any]) -> Principal:
        principal = claim.principal(rows)
        permit(principal, self.role)
        return principal

    @property
    def role(self) -> Role:
        return self.allow if isinstance(self.allow, Role) else Role.VIEWER

    @property
    def scope(self) -> str:
        """What an API key that was made for some things only must have been made for, as in "crm:read"."""
        area = self.path.removeprefix("/api/v1").lstrip("/").partition("/")[0]
        return f"{area}:{'read' if self.reads or self.method == 'GET' else 'write'}"

    def _write(self, request: Request, claim: Claim, turnstile: Turnstile) -> Response:
        # SQLAlchemy is imported by those who write and by nobody else.
        from shared.runtime.work import unit_of_work_for

        def attempt() -> Response:
            with unit_of_work_for(claim, self.role) as uow:
                turnstile.admit(uow.caller)
                return self._once(request, uow)

        # Work under a key finds its own answer when it comes again.
        return retried(attempt, once=not self._has_key(request))

    def _has_key(self, request: Request) -> bool:
        return self.takes_key and "Idempotency-Key" in request.headers

    def _once(self, request: Request, uow: "UnitOfWork") -> Response:
        """Do the work, unless it was done under the same key before."""
        if not self._has_key(request):
            return self._work(request, uow)
        from shared.runtime.idempotency import keyed

        key = keyed(request, uow)
        replayed = key.take(uow)
        return self._tagged(replayed) if replayed else self._work(request, uow, key)

    def _work(self, request: Request, uow: "UnitOfWork", key: "Keyed | None" = None) -> Response:
        arguments = self._arguments(request)
        if self.takes_version:
            uow.expected = expected(request.headers.get("If-Match"), arguments)
        result = self.handler(uow, **arguments)
        if uow.expected:
            uow.expected.must_be_met()
        if key:
            return self._kept(uow, key, result)
        if not isinstance(result, One):
            uow.commit()
            return self._reply(result)
        (rows,) = uow.commit(result.sql)
        return self._found(rows, result)

    def _kept(self, uow: "UnitOfWork", key: "Keyed", result: Any) -> Response:
        """Answer, and commit the answer with the work."""
        if isinstance(result, One):
            secret = any(value is not None for value in result.once.values())
            response = self._found(uow.run(result.sql)[0], result)
        else:
            secret, response = self.secret, self._reply(result)
        key.keep(uow, response, secret=secret)
        uow.commit()
        return response

    def _found(self, rows: list[Any], wanted: One[Any] | Page[Any]) -> Response:
        if not rows or rows[0][0] is None:
            raise NotFound(f"there is no such {wanted.noun}")
        body = wanted.body(rows[0][0]) if isinstance(wanted, One) else rows[0][0]
        is_begun = isinstance(wanted, One) and wanted.is_begun
        response = answer(ACCEPTED if is_begun else self.status, body)
        if self.shows_version:
            response.headers["ETag"] = f'"{rows[0][1]}"'
        return response

    def _tagged(self, response: Response) -> Response:
        """An answer that was kept, with the version of what it shows."""
        if self.shows_version:
            response.headers["ETag"] = f'"{json.loads(response.get_data())["version"]}"'
        return response

    def _reply(self, result: Any) -> Response:
        if isinstance(result, Response):
            return result
        if result is None:
            return answer(204, b"")
        from shared.runtime.parsing import adapter

        return answer(self.status, adapter(self.types["return"]).dump_json(result))

    def _arguments(self, request: Request) -> dict[str, Any]:
        given: dict[str, Any] = read_path(self.pattern, request.path, self.types)
        if "query" in self.types:
            from shared.runtime.parsing import read_query

            given["query"], filters = read_query(request, self.types["query"])
            if "filters" in self.types:
                given["filters"] = filters
            elif filters:
                raise BadRequest("there are no filters here", code="bad_filter")
        if "body" in self.types:
            from shared.runtime.parsing import read_body

            given["body"] = read_body(request, self.types["body"])
        elif self.method != "GET":
            # Nobody reads it, but whoever sends too much is told so by every write alike.
            raw_body(request)
        if "request" in self.types:
            given["request"] = request
        return given


def is_invalid(error: Exception) -> bool:
    """Whether a model refused what was sent; where no models were loaded, none did."""
    loaded: Any = sys.modules.get("pydantic_core")
    return loaded is not None and isinstance(error, loaded.ValidationError)


def endpoint(
    method: str,
    path: str,
    *,
    allow: Allow,
    status: int = 200,
    limit: Limit | None = None,
    errors: tuple[type[DomainError], ...] = (),
    secret: bool = False,
    may_begin: bool = False,
    **deployment: Unpack[Deployment],
) -> Callable[[Handler], Callable[[Request], Response]]:
    """Declare one HTTP function: its route, who may call it, and what it answers with.

    `errors` are for the documents: those that one would not expect from what the function takes and does.
    `secret`: what it answers with holds a secret, so that it is never kept under an idempotency key.
    `may_begin`: some of what it is asked for takes longer, and is answered with 202 and how far it is.
    """

    def declare(handler: Handler) -> Callable[[Request], Response]:
        return Endpoint(
            handler=handler,
            method=method,
            path=path,
            allow=allow,
            status=status,
            limit=limit or (Limit.CRM_READ if method == "GET" else Limit.CRM_WRITE),
            errors=errors,
            secret=secret,
            may_begin=may_begin,
            **deployment,
        ).function()

    return declare


__all__ = ["PUBLIC", "SERVICE", "Endpoint", "Role", "endpoint"]
