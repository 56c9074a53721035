PATH = "/api/v1/auth/logout"
PROFILE = "/api/v1/auth/profile"


def sign_in(api, person):
    tokens = api.post("/api/v1/auth/login", {"email": person.email, "password": person.password}).json
    return tokens, {"Authorization": f"Bearer {tokens['access_token']}"}


def test_the_token_is_dead_with_the_next_request(api, tenant):
    tokens, bearer = sign_in(api, tenant.viewer)
    _, other = sign_in(api, tenant.viewer)
    assert api.post(PATH, headers=bearer).status_code == 204
    assert api.get(PROFILE, headers=bearer).status_code == 401
    assert api.post(PATH, headers=bearer).status_code == 401
    assert api.post("/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert api.get(PROFILE, headers=other).status_code == 200


def test_a_key_has_no_session_to_end(api, tenant):
    refused = api.post(PATH, as_=tenant.viewer.key)
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "no_session")


def test_a_stranger_ends_nothing(api, tenant):
    assert api.post(PATH).status_code == 401
