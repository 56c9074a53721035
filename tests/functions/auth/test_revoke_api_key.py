from tests.support.borders import hidden

PATH = "/api/v1/auth/api-keys/{}"
PROFILE = "/api/v1/auth/profile"


def id_of(world, person):
    return world.value("select id from api_keys where user_id = :id", id=person.user_id)


def test_it_is_dead_with_the_next_request(api, tenant, world):
    assert api.delete(PATH.format(id_of(world, tenant.viewer)), as_=tenant.viewer).status_code == 204
    assert api.get(PROFILE, as_=tenant.viewer.key).status_code == 401
    (event,) = world.events("user.api_key_revoked")
    assert event["data"] == {"key_id": id_of(world, tenant.viewer), "user_id": str(tenant.viewer.user_id)}


def test_twice_is_as_good_as_once(api, tenant, world):
    for _ in range(2):
        assert api.delete(PATH.format(id_of(world, tenant.viewer)), as_=tenant.viewer).status_code == 204
    assert len(world.events("user.api_key_revoked")) == 1


def test_an_admin_revokes_anybodys(api, tenant, world):
    assert api.delete(PATH.format(id_of(world, tenant.agent)), as_=tenant.admin).status_code == 204
    assert api.get(PROFILE, as_=tenant.agent.key).status_code == 401


def test_others_only_their_own(api, tenant, other_tenant, world):
    assert hidden(api, tenant.agent, "DELETE", PATH, id_of(world, tenant.viewer))
    assert hidden(api, tenant.admin, "DELETE", PATH, id_of(world, other_tenant.admin))


def test_a_lesser_key_revokes_no_greater_one(api, tenant, world):
    lesser = api.post("/api/v1/auth/api-keys", {"name": "Painel", "role": "viewer"}, as_=tenant.admin).json["key"]
    first = world.value("select id from api_keys where user_id = :id and role = 'admin'", id=tenant.admin.user_id)
    assert api.delete(PATH.format(first), headers={"X-API-Key": lesser}).status_code == 403
    assert api.get(PROFILE, as_=tenant.admin.key).status_code == 200
