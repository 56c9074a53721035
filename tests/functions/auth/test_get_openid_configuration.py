from shared.runtime.settings import settings


def test_it_leads_to_the_keys(api):
    found = api.get("/.well-known/openid-configuration")
    assert found.status_code == 200
    assert found.json["issuer"] == settings().token_issuer
    path = found.json["jwks_uri"].removeprefix(settings().public_base_url)
    assert api.get(path).status_code == 200
    assert found.json["id_token_signing_alg_values_supported"] == ["EdDSA"]
