import pytest

PATH = "/api/v1/crm/agents"
BIA = {"name": "Bia", "responder": "rules", "config": {"keywords": [{"words": ["horário"], "reply": "Abrimos às 8h."}]}}


def test_a_bot_is_made(api, tenant, world):
    made = api.post(PATH, BIA, as_=tenant.admin)
    assert made.status_code == 201
    expected = {"name": "Bia", "kind": "bot", "responder": "rules", "config": BIA["config"], "status": "active"}
    assert {name: made.json[name] for name in expected} == expected
    assert made.json["user_id"] is None
    assert made.json["project_id"] == str(tenant.project_id)
    (event,) = world.events("agent.created")
    assert event["data"] == {"agent_id": made.json["id"], "kind": "bot"}


def test_left_out_the_responder_is_the_deployments_own(api, tenant):
    made = api.post(PATH, {"name": "Bia"}, as_=tenant.admin)
    assert (made.json["responder"], made.json["config"]) == ("rules", {})


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_makes_bots(api, tenant, world, role):
    assert api.post(PATH, BIA, as_=getattr(tenant, role)).status_code == 403
    assert world.value("select count(*) from agents") == 0


def test_a_stranger_makes_none(api, tenant):
    assert api.post(PATH, BIA).status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"responder": "oracle"}, "responder"),
        ({"config": []}, "config"),
        ({"config": {"keywords": [{"words": []}]}}, "config.keywords.0.words"),
        ({"config": {"jokes": True}}, "config.jokes"),
        ({"kind": "human"}, "kind"),
        ({"responder": "gemini", "config": {}}, "config.instructions"),
    ],
)
def test_what_does_not_fit_is_named(api, tenant, world, change, field):
    refused = api.post(PATH, {**BIA, **change}, as_=tenant.admin)
    assert refused.status_code == 422
    assert refused.json["error"]["details"]["fields"][0]["field"] == field
    assert world.value("select count(*) from agents") == 0
