import pytest

from tests.support.borders import hidden

PATH = "/api/v1/crm/contacts/{}/qualify"
CONTACT = "/api/v1/crm/contacts/{}"


def judge(api, tenant, id, **body):
    return api.post(PATH.format(id), body, as_=tenant.agent)


def told(world):
    kinds = ("contact.score_changed", "contact.lead_qualified", "contact.lead_disqualified")
    return [(event["event_type"], event["data"]) for event in world.events() if event["event_type"] in kinds]


@pytest.mark.parametrize("role", ["admin", "agent"])
def test_a_contact_becomes_a_lead(api, tenant, world, spoken, role):
    answer = api.post(PATH.format(spoken.contact_id), {"score": 80}, as_=getattr(tenant, role))
    assert answer.status_code == 200
    assert (answer.json["score"], answer.json["qualification"], answer.json["version"]) == (80, "qualified", 2)
    assert answer.json == api.get(CONTACT.format(spoken.contact_id), as_=tenant.viewer).json
    who = {"contact_id": str(spoken.contact_id)}
    assert told(world) == [
        ("contact.score_changed", {**who, "old": 0, "new": 80}),
        ("contact.lead_qualified", {**who, "score": 80, "qualification": "qualified"}),
    ]
    assert world.events("contact.lead_qualified")[0]["actor"]["id"] == str(getattr(tenant, role).user_id)


def test_nobody_is_judged_before_somebody_does(api, tenant, spoken):
    contact = api.get(CONTACT.format(spoken.contact_id), as_=tenant.viewer).json
    assert (contact["score"], contact["qualification"]) == (0, None)


def test_a_lead_may_turn_out_to_be_none(api, tenant, world, spoken):
    judge(api, tenant, spoken.contact_id, score=80)
    answer = judge(api, tenant, spoken.contact_id, score=10, qualification="disqualified").json
    assert (answer["score"], answer["qualification"], answer["version"]) == (10, "disqualified", 3)
    who = {"contact_id": str(spoken.contact_id)}
    assert told(world)[2:] == [
        ("contact.score_changed", {**who, "old": 80, "new": 10}),
        ("contact.lead_disqualified", {**who, "score": 10}),
    ]


def test_another_score_alone_makes_no_new_lead(api, tenant, world, spoken):
    judge(api, tenant, spoken.contact_id, score=80)
    assert judge(api, tenant, spoken.contact_id, score=90).json["score"] == 90
    assert [name for name, _ in told(world)][2:] == ["contact.score_changed"]


def test_the_same_again_changes_nothing(api, tenant, world, spoken):
    first = judge(api, tenant, spoken.contact_id, score=80).json
    events = len(world.events())
    assert judge(api, tenant, spoken.contact_id, score=80, qualification="qualified").json == first
    assert len(world.events()) == events


def test_under_one_key_it_is_done_once(api, tenant, world, spoken):
    path, key = PATH.format(spoken.contact_id), {"Idempotency-Key": "judged"}
    first = api.post(path, {"score": 80}, as_=tenant.agent, headers=key)
    judge(api, tenant, spoken.contact_id, score=20)
    again = api.post(path, {"score": 80}, as_=tenant.agent, headers=key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    assert world.value("select score from contacts") == 20
    assert api.post(path, {"score": 81}, as_=tenant.agent, headers=key).status_code == 422


def test_a_stale_view_of_it_is_refused(api, tenant, world, spoken):
    judge(api, tenant, spoken.contact_id, score=80)
    path = PATH.format(spoken.contact_id)
    assert api.post(path, {"score": 1}, as_=tenant.agent, headers={"If-Match": '"1"'}).status_code == 412
    assert api.post(path, {"score": 1}, as_=tenant.agent, headers={"If-Match": '"2"'}).json["version"] == 3


def test_it_stands_in_the_timeline(api, tenant, world, spoken):
    judge(api, tenant, spoken.contact_id, score=80)
    world.drain(tolerate=True)
    events = api.get(f"{CONTACT.format(spoken.contact_id)}/events?limit=100", as_=tenant.viewer).json["data"]
    assert {"contact.score_changed", "contact.lead_qualified"} <= {each["type"] for each in events}


def test_a_viewer_judges_nobody(api, tenant, world, spoken):
    assert api.post(PATH.format(spoken.contact_id), {"score": 80}, as_=tenant.viewer).status_code == 403
    assert world.value("select score from contacts") == 0


def test_a_stranger_judges_nobody(api, spoken):
    assert api.post(PATH.format(spoken.contact_id), {"score": 80}).status_code == 401


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "POST", PATH, theirs.contact_id, json={"score": 80})
    assert world.value("select score from contacts") == 0


def test_a_deleted_contact_is_not_there(api, tenant, spoken):
    api.delete(CONTACT.format(spoken.contact_id), as_=tenant.admin)
    assert hidden(api, tenant.agent, "POST", PATH, spoken.contact_id, json={"score": 80})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"score": -1},
        {"score": 101},
        {"score": 50.5},
        {"score": "50"},
        {"score": True},
        {"score": None},
        {"qualification": "qualified"},
        {"score": 50, "qualification": "hot"},
        {"score": 50, "qualification": None},
        {"score": 50, "by": "me"},
        [],
    ],
)
def test_what_does_not_fit_changes_nothing(api, tenant, world, spoken, body):
    assert api.post(PATH.format(spoken.contact_id), body, as_=tenant.agent).status_code == 422
    assert world.value("select version from contacts") == 1
