PATH = "/api/v1/auth/sessions"


def test_it_lists_ones_own_and_marks_the_present_one(api, tenant):
    person = tenant.agent
    elsewhere = api.post("/api/v1/auth/login", {"email": person.email, "password": person.password}).json
    listed = api.get(PATH, as_=person).json["data"]
    assert {each["id"]: each["current"] for each in listed} == {
        elsewhere["session_id"]: False,
        str(person.session_id): True,
    }
    assert set(listed[0]) == {"id", "current", "created_at", "renewed_at", "expires_at"}


def test_what_has_ended_is_not_listed(api, tenant, world):
    world.run("update login_sessions set revoked_at = now() where user_id = :id", id=tenant.agent.user_id)
    assert api.get(PATH, as_=tenant.agent.key).json["data"] == []


def test_a_key_sees_that_none_is_its_own(api, tenant):
    (only,) = api.get(PATH, as_=tenant.agent.key).json["data"]
    assert only["current"] is False


def test_a_stranger_sees_none(api, tenant):
    assert api.get(PATH).status_code == 401
