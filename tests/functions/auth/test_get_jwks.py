import json

import jwt

from shared.runtime.settings import settings


def test_whoever_asks_can_verify_our_tokens(api, tenant):
    published = api.get("/.well-known/jwks.json")
    assert published.status_code == 200
    assert published.headers["Cache-Control"] == "public, max-age=300"
    token = tenant.agent.token
    key = jwt.PyJWKSet.from_dict(published.json)[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, algorithms=["EdDSA"], audience="ventros-api")["sub"] == str(tenant.agent.user_id)


def test_nothing_secret_is_among_it(api):
    (key,) = api.get("/.well-known/jwks.json").json["keys"]
    assert set(key) == {"kty", "crv", "x", "alg", "use", "kid"}
    assert key == json.loads(settings().token_public_keys)["keys"][0]
