from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

PATH = "/api/v1/auth/refresh"
PROFILE = "/api/v1/auth/profile"


@pytest.fixture
def signed_in(api, tenant):
    person = tenant.agent
    return api.post("/api/v1/auth/login", {"email": person.email, "password": person.password}).json


def refresh(api, tokens):
    return api.post(PATH, {"refresh_token": tokens["refresh_token"]})


def comes_in(api, tokens):
    return api.get(PROFILE, headers={"Authorization": f"Bearer {tokens['access_token']}"}).status_code == 200


def test_each_use_gives_the_next_pair(api, signed_in):
    first = refresh(api, signed_in)
    second = refresh(api, first.json)
    assert first.status_code == second.status_code == 200
    assert first.json["session_id"] == second.json["session_id"] == signed_in["session_id"]
    assert len({each["refresh_token"] for each in (signed_in, first.json, second.json)}) == 3
    assert comes_in(api, second.json)


def test_an_old_one_ends_the_session_for_everybody(api, signed_in):
    thiefs = refresh(api, signed_in).json
    assert refresh(api, signed_in).json["error"]["code"] == "bad_refresh_token"
    assert refresh(api, thiefs).status_code == 401
    assert not comes_in(api, thiefs)
    assert not comes_in(api, signed_in)


def test_one_token_cannot_be_used_twice_at_once(api, signed_in, database):
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda _: refresh(api, signed_in).status_code, range(4)))
    assert sorted(statuses) == [200, 401, 401, 401]


def test_it_rests_as_hashes(api, signed_in, world):
    kept = str(world.rows("select * from login_sessions"))
    assert not any(part in kept for part in signed_in["refresh_token"].split("_", 2)[2:])


@pytest.mark.parametrize(
    "statement",
    [
        "update users set status = 'suspended'",
        "update tenants set status = 'suspended'",
        "delete from memberships",
        "update login_sessions set revoked_at = now()",
        "update login_sessions set expires_at = now()",
    ],
)
def test_whoever_may_not_come_in_any_more_gets_no_new_token(api, signed_in, world, statement):
    world.run(statement)
    assert refresh(api, signed_in).status_code == 401


def test_a_session_that_is_not_used_runs_out(api, signed_in, world):
    world.advance(timedelta(days=29).total_seconds())
    renewed = refresh(api, signed_in).json
    world.advance(timedelta(days=29).total_seconds())
    renewed = refresh(api, renewed).json
    world.advance(timedelta(days=31).total_seconds())
    assert refresh(api, renewed).status_code == 401


def test_a_made_up_one_harms_nobody(api, signed_in):
    token = signed_in["refresh_token"]
    head, tail = token[:-43], token[-43:]
    for made_up in ("", "vr_", token[:-1], f"{token}x", f"{head[:36]}{'x' * 42}_{tail}", "é" * 123):
        answer = refresh(api, {"refresh_token": made_up})
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "bad_refresh_token")
    assert refresh(api, signed_in).status_code == 200


def test_it_is_no_access_token_nor_the_other_way_round(api, signed_in):
    assert not comes_in(api, {"access_token": signed_in["refresh_token"]})
    assert api.post(PATH, {"refresh_token": signed_in["access_token"]}).status_code in {401, 422}


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": "x" * 201}])
def test_what_does_not_fit_is_refused(api, body):
    assert api.post(PATH, body).status_code == 422
