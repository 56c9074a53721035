import base64

import pytest


@pytest.mark.usefixtures("waiting")
def test_a_phone_is_shown_the_code(path, api, tenant):
    told = api.get(f"{path}/qr", as_=tenant.admin)
    assert told.status_code == 200
    assert told.json["mimetype"] == "image/png"
    assert base64.b64decode(told.json["image"]).startswith(b"\x89PNG")
    assert (told.json["value"], told.json["expires_in"]) == (None, 20)
    raw = api.get(f"{path}/qr?format=raw", as_=tenant.admin.key)
    assert raw.json["value"].startswith("2@")
    assert raw.json["image"] is None


def test_a_session_that_waits_for_nobody_has_no_code(path, api, tenant):
    told = api.get(f"{path}/qr", as_=tenant.admin)
    assert (told.status_code, told.json["error"]["code"]) == (409, "not_waiting_for_phone")


@pytest.mark.usefixtures("waiting", "nowhere")
def test_a_provider_that_is_away_is_said_to_be(path, api, tenant):
    told = api.get(f"{path}/qr", as_=tenant.admin)
    assert (told.status_code, told.json["error"]["code"]) == (409, "provider_unavailable")


@pytest.mark.usefixtures("waiting")
def test_while_the_provider_is_asked_nothing_is_open(shop, path, api, tenant, monkeypatch):
    held = []
    answer = shop.waha.answer

    def watched(*arguments):
        held.append(shop.world.value("select count(*) from pg_stat_activity where state = 'idle in transaction'"))
        return answer(*arguments)

    monkeypatch.setattr(shop.waha, "answer", watched)
    assert api.get(f"{path}/qr", as_=tenant.admin).status_code == 200
    assert held == [0]


@pytest.mark.usefixtures("waiting")
def test_only_an_admin_of_the_tenant_pairs(path, api, tenant, other_tenant):
    assert api.get(f"{path}/qr", as_=tenant.agent).status_code == 403
    assert api.get(f"{path}/qr").status_code == 401
    assert api.get(f"{path}/qr", as_=other_tenant.admin).status_code == 404
    assert api.get(f"{path}/qr?format=gif", as_=tenant.agent).status_code == 403
    assert api.get(f"{path}/qr?format=gif", as_=tenant.admin).status_code in {400, 422}
