import pytest

from tests.support.estate import beside

PATH = "/api/v1/admin/dead-letters"


def test_an_admin_sees_what_failed_and_where_but_nobodys_words(api, tenant, die):
    envelope = die(tenant)
    answer = api.get(PATH, as_=tenant.admin)
    assert answer.status_code == 200
    (letter,) = answer.json["data"]
    expected = {
        "project_id": str(tenant.project_id),
        "kind": "event",
        "function": "record_timeline",
        "type": "contact.created",
        "message_id": envelope["event_id"],
        "status": "waiting",
        "attempts": 10,
        "reason": "ZeroDivisionError",
        "ordering_key": "k",
        "correlation_id": envelope["correlation_id"],
        "data": envelope["data"],
        "times_requeued": 0,
        "requeued_at": None,
        "requeued_by": None,
        "consumed_at": None,
    }
    assert {name: letter[name] for name in expected} == expected
    assert any(place.endswith("record_timeline") for place in letter["places"])
    assert "11987654321" not in answer.text


def test_they_come_in_pages_and_by_what_they_are(api, tenant, die, die_task):
    for number in range(3):
        die(tenant, f"+551193333444{number}")
    task = die_task(tenant)
    first = api.get(f"{PATH}?filter[kind]=event&limit=2", as_=tenant.admin).json
    rest = api.get(f"{PATH}?filter[kind]=event&limit=2&cursor={first['paging']['next']}", as_=tenant.admin).json
    found = first["data"] + rest["data"]
    assert len({each["id"] for each in found}) == 3
    assert [each["failed_at"] for each in found] == sorted((each["failed_at"] for each in found), reverse=True)
    (other,) = api.get(f"{PATH}?filter[function]=expire_session", as_=tenant.admin).json["data"]
    assert (other["kind"], other["message_id"], other["project_id"]) == ("task", task["task_id"], None)
    assert len(api.get(PATH, as_=tenant.admin).json["data"]) == 4


def test_nobody_sees_those_of_another_tenant_or_project(api, world, tenant, other_tenant, die, die_task):
    die(tenant)
    die_task(tenant)
    assert api.get(PATH, as_=other_tenant.admin).json["data"] == []
    # Of a task nobody knows the project.
    (seen,) = api.get(PATH, as_=beside(world, tenant).admin).json["data"]
    assert seen["kind"] == "task"


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_sees_them(api, tenant, role):
    assert api.get(PATH, as_=getattr(tenant, role)).status_code == 403


def test_a_stranger_sees_nothing(api, tenant):
    assert api.get(PATH).status_code == 401


@pytest.mark.parametrize("query", ["limit=101", "sort=reason", "filter[body]=x", "filter[message_id]=x"])
def test_a_question_that_cannot_be_read_is_a_400(api, tenant, query):
    assert api.get(f"{PATH}?{query}", as_=tenant.admin).status_code == 400
