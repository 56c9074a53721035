import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.core.projects.store import Projects
from shared.kernel.values import Name
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.postgres import connect, pipeline, sql
from shared.runtime.work import UnitOfWork
from tests.shared.runtime.declared import request
from tests.support.calls import tick
from tests.support.registries import own_registries

CONTACTS = "/api/v1/crm/contacts"
CHANNEL = {
    "type": "waha",
    "name": "Vendas",
    "base_url": "https://waha.example.com",
    "session_name": "default",
    "engine": "NOWEB",
    "api_key": "provider-secret-key",
}


def under(key):
    return {"Idempotency-Key": key}


def create(api, tenant, key="k1", *, phone="+5511912345678", as_=None):
    return api.post(CONTACTS, {"phone": phone}, as_=as_ or tenant.agent, headers=under(key))


def test_the_first_answer_is_given_again_byte_for_byte(api, tenant, world):
    first, second = create(api, tenant), create(api, tenant)
    assert first.status_code == second.status_code == 201
    assert second.data == first.data
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["ETag"] == first.headers["ETag"] == '"2"'
    assert "Idempotency-Replayed" not in first.headers
    assert world.value("select count(*) from contacts") == 1
    assert len(world.events("contact.created")) == 1


def test_an_answer_without_a_body_is_given_again(tenant, world):
    with own_registries():

        @endpoint("POST", "/rename", allow=Role.AGENT, status=204)
        def rename_kite(uow: UnitOfWork, body: Renaming) -> None:
            """Rename a kite."""
            Projects(uow).get(uow.caller.project_id).update(name=body.name)

        answers = [
            request(rename_kite, "POST", "/rename", as_=tenant.agent, headers=under("k"), json={"name": "Pipa"})
            for _ in range(2)
        ]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[1].data == b""
    assert world.value("select version from projects") == 2


class Renaming(Body):
    name: Name


def test_a_key_stands_for_one_request(api, tenant, world):
    contact = create(api, tenant).json
    other_body = create(api, tenant, phone="+5511912345679")
    other_route = api.patch(
        f"{CONTACTS}/{contact['id']}", {"phone": "+5511912345678"}, as_=tenant.agent, headers=under("k1")
    )
    for answer in (other_body, other_route):
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "idempotency_key_reused")
    assert world.value("select count(*) from contacts") == 1


def test_the_keys_of_others_are_others(api, tenant, other_tenant, world):
    assert create(api, tenant).status_code == 201
    assert create(api, other_tenant).status_code == 201
    assert create(api, tenant, phone="+5511912345679", as_=tenant.admin).status_code == 201
    assert create(api, tenant, as_=tenant.agent.key).headers["Idempotency-Replayed"] == "true"
    assert world.value("select count(*) from contacts") == 3


def test_a_failure_frees_the_key(api, tenant, world):
    assert create(api, tenant, phone="7").status_code == 422
    assert create(api, tenant, key="k2").status_code == 201
    assert create(api, tenant).status_code == 409
    assert world.rows("select key from idempotency_keys") == [{"key": "k2"}]
    assert create(api, tenant, phone="+5511912345679").status_code == 201


def test_a_role_is_asked_before_the_key(api, tenant, world):
    assert create(api, tenant, key="", as_=tenant.viewer).status_code == 403
    assert world.rows("select key from idempotency_keys") == []


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "caf\xe9"])
def test_what_is_no_key_is_refused(key, api, tenant):
    answer = create(api, tenant, key=key)
    assert (answer.status_code, answer.json["error"]["code"]) == (400, "bad_idempotency_key")


def test_many_at_once_do_it_once(api, tenant, world):
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: create(api, tenant), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 15
    assert world.value("select count(*) from contacts") == 1


def test_who_waits_too_long_is_told_that_it_is_at_work(api, tenant, database):
    create(api, tenant)
    connection = connect(database.admin_url)
    try:
        pipeline(connection, sql("begin"), sql("select from idempotency_keys for update"))
        pipeline(connection, sql("update idempotency_keys set expires_at = now() - interval '1 hour'"))
        answer = create(api, tenant)
    finally:
        connection.close()
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "idempotency_in_progress")


def test_a_killed_request_frees_its_key(api, tenant, world):
    begun, go_on = threading.Event(), threading.Event()
    with own_registries():

        @endpoint("POST", "/hang", allow=Role.AGENT, status=204)
        def hang_kite(uow: UnitOfWork) -> None:
            """Hang."""
            if not begun.is_set():
                uow.run(sql("select pg_terminate_backend(pg_backend_pid())"))
            go_on.set()

        def send():
            return request(hang_kite, "POST", "/hang", as_=tenant.agent, headers=under("k")).status_code

        begun.clear()
        assert send() == 503
        begun.set()
        assert send() == 204
    assert go_on.is_set()
    assert world.value("select status from idempotency_keys") == 204


def test_an_answer_with_a_secret_is_not_kept(api, tenant, world):
    kept = [
        (lambda: api.post("/api/v1/auth/api-keys", {"name": "Site"}, as_=tenant.admin, headers=under("a"))),
        (lambda: api.post("/api/v1/crm/channels", CHANNEL, as_=tenant.admin, headers=under("b"))),
    ]
    channel_id = None
    for again in kept:
        channel_id = again().json["id"]
        answer = again()
        assert (answer.status_code, answer.json["error"]["code"]) == (409, "answer_not_kept")
    path = f"/api/v1/crm/channels/{channel_id}"
    for body, statuses in (({"rotate_token": True}, [200, 409]), ({"name": "Suporte"}, [200, 200])):
        headers = under(json.dumps(body))
        assert [api.patch(path, body, as_=tenant.admin, headers=headers).status_code for _ in range(2)] == statuses
    assert world.value("select count(*) from idempotency_keys where body is null") == 3


def test_no_plain_hash_of_a_password_is_kept(api, tenant, world):
    create(api, tenant)
    sealed = world.value("select request_sealed from idempotency_keys")
    assert sealed.startswith("k1:")


def test_after_a_day_the_key_is_free_again(api, tenant, world):
    create(api, tenant)
    world.advance(86_400 + 60)
    answer = create(api, tenant, phone="+5511912345679")
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
    assert create(api, tenant, phone="+5511912345679").headers["Idempotency-Replayed"] == "true"


def test_what_has_expired_is_swept(api, tenant, world):
    create(api, tenant)
    create(api, tenant, key="k2", phone="+5511912345679")
    world.run("update idempotency_keys set expires_at = now() - interval '1 minute' where key = 'k1'")
    assert tick("remove_expired_rows") == 204
    assert world.rows("select key from idempotency_keys") == [{"key": "k2"}]
