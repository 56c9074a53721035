import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from socket import SHUT_RDWR
from uuid import UUID, uuid4

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError
from pydantic import Field

from infra.local.postgres import free_port
from shared.core.projects.store import Projects
from shared.kernel.errors import BadRequest, Conflict, DomainError, Invalid, Unavailable
from shared.kernel.values import Name
from shared.runtime import postgres
from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.parsing import Body
from shared.runtime.postgres import COMMIT, pipeline, sql
from shared.runtime.query import One, Page
from shared.runtime.retry import ATTEMPTS
from shared.runtime.work import UnitOfWork
from tests.shared.runtime.declared import request
from tests.support.environment import disconnect, environment
from tests.support.registries import own_registries


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


class Rename(Body):
    name: Name
    fail: bool = Field(default=False)


@dataclass(frozen=True, kw_only=True)
class NameView:
    id: UUID
    name: str


NAME = "select json_build_object('id', id, 'name', name) from projects where id = :id"


@pytest.fixture
def rename():
    @endpoint("POST", "/kites/{project_id}/rename", allow=Role.AGENT, status=202)
    def rename_kite(uow: UnitOfWork, project_id: UUID, body: Rename) -> One[NameView]:
        """Rename a kite."""
        Projects(uow).get(project_id).update(name=body.name)
        if body.fail:
            uow.run(sql("select 1"))
            raise ValueError("hunter2 said so")
        return One(sql=sql(NAME, id=project_id), noun="kite")

    return rename_kite


@pytest.fixture
def show():
    @endpoint("GET", "/kites/{project_id}", allow=Role.AGENT)
    def show_kite(project_id: UUID, query: PageQuery) -> One[NameView]:
        """Show a kite."""
        return One(sql=sql(NAME, id=project_id), noun="kite")

    return show_kite


def failing(error):
    @endpoint("GET", "/fail", allow=PUBLIC)
    def fail_kite() -> NameView:
        """Fail."""
        raise error

    return fail_kite


def test_a_write_answers_with_what_it_wrote(rename, tenant, world):
    answer = request(rename, "POST", f"/kites/{tenant.project_id}/rename", as_=tenant.agent, json={"name": "Pipa"})
    assert answer.status_code == 202
    assert answer.json == {"id": str(tenant.project_id), "name": "Pipa"}
    assert answer.content_type == "application/json"
    (event,) = world.events()
    assert event["actor"] == {"type": "user", "id": str(tenant.agent.user_id)}


@pytest.mark.parametrize("match", ['"99"', "x"])
def test_what_shows_no_version_does_not_ask_for_one(rename, tenant, match):
    headers, path = {**tenant.agent.headers, "If-Match": match}, f"/kites/{tenant.project_id}/rename"
    assert request(rename, "POST", path, headers=headers, json={"name": "Pipa"}).status_code == 202


def test_a_write_that_fails_leaves_nothing_and_tells_nothing(rename, tenant, world):
    body = {"name": "Pipa", "fail": True}
    answer = request(rename, "POST", f"/kites/{tenant.project_id}/rename", as_=tenant.agent, json=body)
    assert answer.status_code == 500
    assert answer.json["error"]["code"] == "internal"
    assert "hunter2" not in answer.text
    assert world.value("select name from projects") == "Default"
    assert world.events() == []


def test_a_read_is_one_round_trip(show, tenant, monkeypatch):
    trips = []
    pipeline = postgres.pipeline

    def counted(connection, *statements):
        trips.append(len(statements))
        return pipeline(connection, *statements)

    monkeypatch.setattr(postgres, "pipeline", counted)
    assert request(show, path=f"/kites/{tenant.project_id}", as_=tenant.agent).status_code == 200
    assert trips == [3]


def test_the_role_is_asked_before_the_question_is_judged(rename, show, tenant):
    path = f"/kites/{tenant.project_id}"
    for as_, status in ((tenant.viewer, 403), (None, 401)):
        assert request(rename, "POST", f"{path}/rename", as_=as_, data=b"{").status_code == status
        assert request(rename, "POST", "/kites/7/rename", as_=as_, data=b"{").status_code == status
        assert request(show, path=f"{path}?limit=0", as_=as_).status_code == status
        assert request(show, path="/kites/7", as_=as_).status_code == status
        assert request(show, path=f"/kites/{uuid4()}", as_=as_).status_code == status
    assert request(rename, "POST", f"{path}/rename", as_=tenant.agent, data=b"{").status_code == 400
    assert request(show, path=f"{path}?limit=0", as_=tenant.agent).status_code == 400
    assert request(show, path="/kites/7", as_=tenant.agent).status_code == 404


def test_a_role_is_asked_even_when_the_read_itself_breaks(tenant):
    @endpoint("GET", "/broken", allow=Role.ADMIN)
    def break_kite() -> Page[NameView]:
        """Break."""
        return Page(sql=sql("select 1 / 0"))

    assert request(break_kite, path="/broken", as_=tenant.agent).status_code == 403
    assert request(break_kite, path="/broken", as_=tenant.admin).status_code == 500


def test_a_change_that_always_loses_is_a_conflict(tenant, world):
    attempts = []

    @endpoint("POST", "/lose", allow=Role.AGENT)
    def lose_kite(uow: UnitOfWork) -> None:
        """Lose."""
        project = Projects(uow).get(tenant.project_id)
        attempts.append(project.version)
        world.run("update projects set version = version + 1 where id = :id", id=tenant.project_id)
        project.update(name=Name("Pipa"))

    answer = request(lose_kite, "POST", "/lose", as_=tenant.agent)
    assert answer.status_code == 409
    assert answer.json["error"]["code"] == "conflict"
    assert attempts == list(range(1, ATTEMPTS + 1))
    assert (world.value("select name from projects"), world.events()) == ("Default", [])


def test_a_change_that_loses_once_is_made(tenant, world):
    attempts = []

    @endpoint("POST", "/win", allow=Role.AGENT, status=204)
    def win_kite(uow: UnitOfWork) -> None:
        """Win."""
        project = Projects(uow).get(tenant.project_id)
        attempts.append(project.version)
        if len(attempts) == 1:
            world.run("update projects set version = version + 1 where id = :id", id=tenant.project_id)
        project.update(name=Name("Pipa"))

    answer = request(win_kite, "POST", "/win", as_=tenant.agent)
    assert (answer.status_code, answer.data) == (204, b"")
    assert attempts == [1, 2]
    assert len(world.events()) == 1


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BadRequest("no"), 400, "bad_request"),
        (Conflict("no", code="too_late", details={"at": 1}), 409, "too_late"),
        (Invalid("no"), 422, "invalid"),
        (DomainError("no"), 400, "rule_broken"),
        (Unavailable("no"), 503, "unavailable"),
        (ConnectionRefusedError("10.0.0.7 refused"), 503, "unavailable"),
        (DatabaseError({"C": "57014"}), 503, "too_slow"),
        (DatabaseError({"C": "23514", "M": "hunter2"}), 500, "internal"),
        (RuntimeError("hunter2"), 500, "internal"),
    ],
)
def test_every_failure_has_one_shape(database, error, status, code):
    answer = request(failing(error), path="/fail", headers={"X-Request-Id": "r1"})
    assert answer.status_code == status
    assert answer.json["error"]["code"] == code
    assert set(answer.json["error"]) == {"code", "message", "details", "request_id"}
    assert (answer.json["error"]["request_id"], answer.headers["X-Request-Id"]) == ("r1", "r1")
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert "hunter2" not in answer.text
    assert "10.0.0.7" not in answer.text


def test_a_request_id_that_could_harm_is_replaced(database):
    answer = request(failing(Invalid("no")), path="/fail", headers={"X-Request-Id": "<script>"})
    assert UUID(answer.headers["X-Request-Id"]).version == 7


def test_without_the_database_nobody_is_let_in(show, rename, tenant):
    token = tenant.agent.headers
    with environment({"DATABASE_URL": f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"}):
        read = request(show, path=f"/kites/{tenant.project_id}", headers=token)
        write = request(rename, "POST", f"/kites/{tenant.project_id}/rename", headers=token, json={"name": "Pipa"})
    assert (read.status_code, write.status_code) == (503, 503)


@pytest.fixture
def _fresh_connections(database):
    yield
    disconnect(database.app_url)


@pytest.mark.usefixtures("_fresh_connections")
def test_a_killed_connection_is_not_noticed(show, rename, tenant, world):
    path = f"/kites/{tenant.project_id}"
    for _ in range(2):
        assert request(show, path=path, as_=tenant.agent).status_code == 200
        assert request(rename, "POST", f"{path}/rename", as_=tenant.agent, json={"name": "Pipa"}).status_code == 202
        world.run(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity "
            "where datname = current_database() and usename = 'ventros_app'"
        )


@pytest.mark.usefixtures("_fresh_connections")
def test_many_killed_connections_are_not_noticed_either(show, rename, tenant, world):
    path = f"/kites/{tenant.project_id}"

    def both(number: int) -> tuple[int, int]:
        renamed = request(rename, "POST", f"{path}/rename", as_=tenant.agent, json={"name": f"Pipa {number}"})
        return request(show, path=path, as_=tenant.agent).status_code, renamed.status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(both, range(24))) <= {(200, 202), (200, 409)}
    world.run(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity "
        "where datname = current_database() and usename = 'ventros_app'"
    )
    assert both(25) == (200, 202)


def hang_up(connection, _):
    connection._usock.shutdown(SHUT_RDWR)
    raise InterfaceError("network error")


def fall_silent(connection, _):
    connection._usock.settimeout(0.01)
    connection._sock.read(1)


def hang_up_behind_the_commit(connection, rows):
    connection._usock.shutdown(SHUT_RDWR)
    error = InterfaceError("network error")
    error.completed = rows
    raise error


@pytest.fixture(params=[hang_up, fall_silent])
def deafened(request, database, monkeypatch):
    """Each commit happens, and what is heard of the first is told by the parameter; the commits so far."""
    commits: list[int] = []

    def deaf(connection, *statements):
        before = connection._transaction_status
        rows = pipeline(connection, *statements)
        if COMMIT in statements:
            commits.append(1)
            if len(commits) == 1:
                connection._transaction_status = before
                request.param(connection, rows)
        return rows

    monkeypatch.setattr(postgres, "pipeline", deaf)
    yield commits
    disconnect(database.app_url)


def test_a_change_that_may_have_been_saved_is_not_made_twice(rename, tenant, deafened):
    path = f"/kites/{tenant.project_id}/rename"
    answer = request(rename, "POST", path, as_=tenant.agent, json={"name": "Pipa"})
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "outcome_unknown")
    assert answer.headers["Retry-After"]
    assert len(deafened) == 1


@pytest.mark.parametrize("deafened", [hang_up_behind_the_commit], indirect=True)
def test_who_was_told_of_the_commit_needs_to_hear_nothing_more(rename, tenant, deafened):
    path = f"/kites/{tenant.project_id}/rename"
    answer = request(rename, "POST", path, as_=tenant.agent, json={"name": "Pipa"})
    assert (answer.status_code, answer.json["name"], len(deafened)) == (202, "Pipa", 1)
    again = request(rename, "POST", path, as_=tenant.agent, json={"name": "Papagaio"})
    assert (again.status_code, again.json["name"]) == (202, "Papagaio")


def test_under_a_key_the_answer_to_what_was_saved_unheard_is_found(rename, tenant, deafened):
    headers = {**tenant.agent.headers, "Idempotency-Key": "k1"}
    path = f"/kites/{tenant.project_id}/rename"
    for _ in range(2):
        answer = request(rename, "POST", path, headers=headers, json={"name": "Pipa"})
    # Nobody is made to wait twice for a database that is silent: then it is the caller who asks again.
    assert (answer.status_code, answer.json["name"]) == (202, "Pipa")
    assert answer.headers["Idempotency-Replayed"] == "true"


def test_a_public_function_needs_no_caller_and_answers_with_json(database):
    @endpoint("POST", "/echo", allow=PUBLIC)
    def echo_kite(body: Rename) -> NameView:
        """Echo."""
        return NameView(id=UUID(int=7), name=body.name)

    answer = request(echo_kite, "POST", "/echo", data=json.dumps({"name": "  São "}), headers={"Authorization": "x"})
    assert answer.json == {"id": "00000000-0000-0000-0000-000000000007", "name": "São"}


def test_a_body_that_is_too_large_is_told_so(database):
    @endpoint("POST", "/echo", allow=PUBLIC)
    def echo_kite(body: Rename) -> NameView:
        """Echo."""
        return NameView(id=UUID(int=7), name=body.name)

    answer = request(echo_kite, "POST", "/echo", data=b'"' + b"x" * 10_500_000 + b'"')
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")


def test_who_needs_no_body_takes_no_large_one_either(tenant):
    done = []

    @endpoint("DELETE", "/kites/{project_id}", allow=Role.AGENT, status=204)
    def drop_kite(uow: UnitOfWork, project_id: UUID) -> None:
        """Drop."""
        done.append(project_id)

    path, large = f"/kites/{tenant.project_id}", b"x" * 10_500_000
    for body in (
        {"data": large},
        {"input_stream": BytesIO(large), "environ_overrides": {"wsgi.input_terminated": True}},
    ):
        answer = request(drop_kite, "DELETE", path, as_=tenant.agent, **body)
        assert (answer.status_code, answer.json["error"]["code"], done) == (413, "too_large", [])
    assert request(drop_kite, "DELETE", path, as_=tenant.viewer, data=large).status_code == 403
    assert request(drop_kite, "DELETE", path, as_=tenant.agent, data=b"x").status_code == 204


def test_a_trace_reaches_the_events(rename, tenant, world):
    headers = {**tenant.agent.headers, "X-Request-Id": "r9"}
    request(rename, "POST", f"/kites/{tenant.project_id}/rename", headers=headers, json={"name": "Pipa"})
    (event,) = world.events()
    assert event["correlation_id"] == "r9"


def test_a_read_that_takes_too_long_is_stopped_in_the_database_too(tenant, world):
    @endpoint("GET", "/sleep", allow=Role.VIEWER)
    def sleep_kite() -> Page[NameView]:
        """Sleep."""
        return Page(sql=sql("select pg_sleep(60)"))

    answer = request(sleep_kite, path="/sleep", as_=tenant.viewer)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "too_slow")
    asleep = "select count(*) from pg_stat_activity where state = 'active' and query like 'select pg_sleep(60)%'"
    assert world.value(asleep) == 0


def test_a_read_that_fails_in_the_database_is_counted_all_the_same(tenant):
    @endpoint("GET", "/broken", allow=Role.VIEWER, limit=Limit.AUTH)
    def break_kite() -> Page[NameView]:
        """Break."""
        return Page(sql=sql("select 1 / 0"))

    answers = [request(break_kite, path="/broken", as_=tenant.viewer) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [500] * 5 + [429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0"]
