PATH = "/api/v1/auth/api-keys"


def names(api, caller, query=""):
    return {each["user_id"] for each in api.get(f"{PATH}{query}", as_=caller).json["data"]}


def test_an_admin_sees_all_others_their_own(api, tenant, other_tenant):
    assert names(api, tenant.admin) == {str(person.user_id) for person in tenant.people}
    assert names(api, tenant.agent) == {str(tenant.agent.user_id)}
    assert names(api, tenant.viewer.key) == {str(tenant.viewer.user_id)}
    assert names(api, tenant.admin, "?filter[role]=agent") == {str(tenant.agent.user_id)}


def test_it_shows_no_secret(api, tenant):
    listed = api.get(PATH, as_=tenant.agent).json["data"][0]
    assert set(listed) == {
        *("id", "user_id", "name", "role", "scopes", "hint"),
        *("last_used_at", "expires_at", "created_at"),
    }
    assert tenant.agent.key.key.endswith(listed["hint"])


def test_last_used_is_noted_at_most_once_a_minute(api, tenant, world):
    used = "select last_used_at from api_keys where user_id = :id"
    assert world.value(used, id=tenant.agent.user_id) is None
    api.get(PATH, as_=tenant.agent.key)
    first = world.value(used, id=tenant.agent.user_id)
    assert first is not None
    world.advance(30)
    api.get(PATH, as_=tenant.agent.key)
    assert world.value(used, id=tenant.agent.user_id) == first
    world.advance(31)
    api.get(PATH, as_=tenant.agent.key)
    assert world.value(used, id=tenant.agent.user_id) > first


def test_noting_it_waits_for_nobody(api, tenant, world):
    with world.admin.take() as connection:
        cursor = connection.cursor()
        cursor.execute("select from api_keys for update")
        cursor.execute("set lock_timeout = '1s'")
        assert api.get(PATH, as_=tenant.agent.key).status_code == 200
    assert world.value("select count(last_used_at) from api_keys") == 0


def test_a_revoked_one_is_gone(api, tenant, world):
    world.run("update api_keys set revoked_at = now()")
    assert names(api, tenant.admin) == set()


def test_a_stranger_sees_none(api, tenant):
    assert api.get(PATH).status_code == 401
