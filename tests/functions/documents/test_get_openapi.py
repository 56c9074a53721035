def test_it_describes_the_api_to_anybody(api):
    answer = api.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    assert answer.json["openapi"] == "3.1.0"
    assert answer.json["paths"]["/openapi.json"]["get"]["operationId"] == "get_openapi"


def test_it_needs_no_database(api, monkeypatch):
    monkeypatch.setattr("shared.runtime.postgres.connect", None)
    assert api.get("/openapi.json").status_code == 200
