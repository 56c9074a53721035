from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.borders import hidden
from tests.support.estate import beside
from tests.support.functions import consumers_of
from tests.support.world import push

LIST = "/api/v1/admin/dead-letters"
PATH = f"{LIST}/{{}}/requeue"
TIMELINE = "select count(*) from contact_events"
WAITING = "select count(*) from outbox_events where published_at is null"


def letters(api, tenant, **filters):
    query = "&".join(f"filter[{name}]={value}" for name, value in filters.items())
    found: list[dict[str, str]] = api.get(f"{LIST}?{query}", as_=tenant.admin).json["data"]
    return found


def requeue(api, tenant, letter):
    return api.post(PATH.format(letter["id"]), as_=tenant.admin)


def test_after_the_bug_is_mended_an_event_takes_its_effect_once(api, world, tenant, die):
    envelope = die(tenant)
    (letter,) = letters(api, tenant)
    answer = requeue(api, tenant, letter)
    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["times_requeued"]) == ("requeued", 1)
    assert answer.json["requeued_by"] == str(tenant.admin.user_id)
    again = world.rows("select * from outbox_events where published_at is null")
    assert [(row["topic"], row["ordering_key"], row["envelope"]) for row in again] == [("contact", "k", envelope)]
    assert world.value(TIMELINE) == 0
    world.drain()
    assert world.value(TIMELINE) == 1
    (letter,) = letters(api, tenant)
    assert letter["consumed_at"] is not None


def test_asked_twice_it_is_delivered_once(api, world, tenant, die):
    die(tenant)
    (letter,) = letters(api, tenant)
    answers = [requeue(api, tenant, letter).json for _ in range(3)]
    assert [answer["times_requeued"] for answer in answers] == [1, 1, 1]
    assert world.value(WAITING) == 1
    world.drain()
    assert requeue(api, tenant, letter).status_code == 200
    world.drain()
    assert world.value(TIMELINE) == 1


def test_asked_by_many_at_once_it_is_delivered_once(api, world, tenant, die):
    die(tenant)
    (letter,) = letters(api, tenant)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: requeue(api, tenant, letter).status_code, range(16)))
    assert answers == [200] * 16
    assert world.value(WAITING) == 1


def test_what_fails_again_waits_again_and_can_be_asked_for_again(api, world, tenant, die, broken_timeline):
    envelope = die(tenant)
    (letter,) = letters(api, tenant)
    requeue(api, tenant, letter)
    (timeline,) = consumers_of("contact.created")
    with broken_timeline():
        assert push(timeline, envelope, attempt=10) == 204
    (letter,) = letters(api, tenant, status="waiting")
    assert (letter["attempts"], letter["times_requeued"]) == (20, 1)
    world.run("update outbox_events set published_at = now()")
    assert requeue(api, tenant, letter).json["times_requeued"] == 2
    world.drain()
    assert world.value(TIMELINE) == 1


def test_what_never_came_back_can_be_asked_for_again_after_a_day(api, world, tenant, die):
    die(tenant)
    (letter,) = letters(api, tenant)
    requeue(api, tenant, letter)
    world.run("update dead_letters set requeued_at = now() - interval '25 hours'")
    assert requeue(api, tenant, letter).json["times_requeued"] == 2
    world.drain()
    assert world.value(TIMELINE) == 1


def test_those_who_took_the_event_before_do_nothing(api, world, tenant, die):
    envelope = die(tenant)
    (timeline,) = consumers_of("contact.created")
    assert push(timeline, envelope) == 204
    (letter,) = letters(api, tenant)
    requeue(api, tenant, letter)
    world.drain()
    assert world.value(TIMELINE) == 1


def test_letters_of_one_key_go_in_the_order_in_which_they_are_asked_for(api, world, tenant, die):
    sent = [die(tenant, f"+551193333444{number}") for number in range(3)]
    for letter in letters(api, tenant, ordering_key="k")[::-1]:
        requeue(api, tenant, letter)
    rows = world.rows("select * from outbox_events where published_at is null order by seq")
    assert [row["envelope"]["event_id"] for row in rows] == [each["event_id"] for each in sent]
    assert {row["ordering_key"] for row in rows} == {"k"}


def test_a_task_goes_to_its_queue_under_the_id_it_had(api, world, tenant, die_task):
    body = die_task(tenant)
    (letter,) = letters(api, tenant, kind="task")
    for _ in range(2):
        assert requeue(api, tenant, letter).status_code == 200
    (row,) = world.tasks("expire_session")
    assert (row["body"], row["dedup_name"], row["run_at"]) == (body, None, None)
    world.drain(tolerate=True)
    assert len(world.tasks("expire_session")) == 1


def test_it_changes_nothing_for_those_without_a_right_to_it(api, world, tenant, other_tenant, die):
    die(tenant)
    (letter,) = letters(api, tenant)
    assert hidden(api, other_tenant.admin, "POST", PATH, letter["id"])
    assert hidden(api, beside(world, tenant).admin, "POST", PATH, letter["id"])
    assert world.value("select status from dead_letters") == "waiting"


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_may(api, world, tenant, die, role):
    die(tenant)
    (letter,) = letters(api, tenant)
    assert api.post(PATH.format(letter["id"]), as_=getattr(tenant, role)).status_code == 403
    assert world.value(WAITING) == 0
