import json

import pytest

PHONE = {"phone": "+5511912345678"}


@pytest.mark.usefixtures("waiting")
def test_a_phone_is_given_a_code_to_type_in(path, api, tenant, session, capsys):
    told = api.post(f"{path}/pairing-code", PHONE, as_=tenant.admin)
    assert (told.status_code, told.json) == (200, {"code": "WAHA-1001"})
    assert session.codes == ["5511912345678"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "5511912345678" not in json.dumps(lines)


def test_a_session_that_waits_for_nobody_has_no_code(path, api, tenant):
    told = api.post(f"{path}/pairing-code", PHONE, as_=tenant.admin)
    assert (told.status_code, told.json["error"]["code"]) == (409, "not_waiting_for_phone")


@pytest.mark.usefixtures("waiting")
def test_what_is_no_number_is_refused_and_nobody_is_asked(path, api, tenant, session):
    assert api.post(f"{path}/pairing-code", {"phone": "12"}, as_=tenant.admin).status_code == 422
    assert api.post(f"{path}/pairing-code", {}, as_=tenant.admin).status_code == 422
    assert session.codes == []


@pytest.mark.usefixtures("waiting")
def test_a_server_that_tells_nonsense_is_away(shop, path, api, tenant, monkeypatch):
    monkeypatch.setattr(shop.waha, "answer", lambda *_: (201, {"code": None}))
    told = api.post(f"{path}/pairing-code", PHONE, as_=tenant.admin)
    assert (told.status_code, told.json["error"]["code"]) == (409, "provider_unavailable")
