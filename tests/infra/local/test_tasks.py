import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, MethodNotImplemented, NotFound
from google.cloud.tasks_v2 import HttpMethod, Queue, Task

from infra.local.tokens import verify
from tests.infra.local.conftest import ACCOUNT, SCALE
from tests.infra.local.receiver import until


def later(**delta):
    return datetime.now(UTC) + timedelta(**delta)


def test_a_task_is_sent_as_google_sends_it(bus, tasks, receiver):
    queue = tasks.queue()
    headers = {"Content-Type": "application/json", "X-Mine": "1", "X-CloudTasks-TaskName": "forged"}

    task = tasks.create(
        queue,
        receiver.url + "/work?a=1",
        name="n1",
        body=b'{"a": 1}',
        http_method=HttpMethod.PUT,
        headers=headers,
        oidc_token={"service_account_email": ACCOUNT},
    )

    [sent] = receiver.wait(1)
    assert (sent.method, sent.path, sent.body) == ("PUT", "/work?a=1", b'{"a": 1}')
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["x-mine"] == "1"
    assert {name: value for name, value in sent.headers.items() if name.startswith("x-cloudtasks")} == {
        "x-cloudtasks-queuename": "work",
        "x-cloudtasks-taskname": "n1",
        "x-cloudtasks-taskretrycount": "0",
        "x-cloudtasks-taskexecutioncount": "0",
        "x-cloudtasks-tasketa": f"{task.schedule_time.timestamp():.6f}",
    }
    bearer = sent.headers["authorization"].removeprefix("Bearer ")
    assert verify(bearer, receiver.url + "/work?a=1", ACCOUNT, bus.tokens.jwks())["email"] == ACCOUNT


def test_a_finished_task_is_gone_and_its_name_stays_taken(tasks, receiver):
    queue = tasks.queue()
    tasks.create(queue, receiver.url, name="once")
    receiver.wait(1)
    until(lambda: tasks.names(queue) == [])

    with pytest.raises(AlreadyExists, match="too recently"):
        tasks.create(queue, receiver.url, name="once")
    with pytest.raises(NotFound):
        tasks.api.get_task(name=f"{queue}/tasks/once")


def test_a_waiting_name_is_taken(tasks, receiver):
    queue = tasks.queue()
    tasks.create(queue, receiver.url, name="once", schedule_time=later(hours=1))

    with pytest.raises(AlreadyExists):
        tasks.create(queue, receiver.url, name="once")


def test_names_are_made_where_none_is_given(tasks, receiver):
    queue = tasks.queue()

    names = {tasks.create(queue, receiver.url).name for _ in range(3)}

    assert len(names) == 3
    assert all(name.startswith(f"{queue}/tasks/") for name in names)


def test_a_task_waits_for_its_time(tasks, receiver):
    queue = tasks.queue()
    tasks.create(queue, receiver.url + "/late", schedule_time=later(seconds=1))
    created = time.monotonic()
    tasks.create(queue, receiver.url + "/now")
    tasks.create(queue, receiver.url + "/past", schedule_time=later(hours=-1))

    [late] = receiver.wait(1, "/late")

    assert late.at - created > 0.9
    assert {sent.path for sent in receiver.sent[:2]} == {"/now", "/past"}


def test_a_deleted_task_is_never_sent(tasks, receiver):
    queue = tasks.queue()
    doomed = tasks.create(queue, receiver.url + "/doomed", name="doomed", schedule_time=later(seconds=0.7))
    tasks.create(queue, receiver.url + "/after", schedule_time=later(seconds=0.8))

    tasks.api.delete_task(name=doomed.name)

    receiver.wait(1, "/after")
    assert receiver.at("/doomed") == []
    with pytest.raises(NotFound):
        tasks.api.delete_task(name=doomed.name)
    with pytest.raises(AlreadyExists):
        tasks.create(queue, receiver.url, name="doomed")


def test_a_failed_task_goes_again_with_growing_pauses(tasks, receiver):
    retry = {"min_backoff": timedelta(seconds=3), "max_backoff": timedelta(seconds=20), "max_doublings": 1}
    queue = tasks.queue(retry_config=retry)
    receiver.answer = lambda _: 503 if len(receiver.sent) < 5 else 200

    tasks.create(queue, receiver.url)

    sent = receiver.wait(5)
    gaps = [after.at - before.at for before, after in pairwise(sent)]
    expected = [3 * SCALE, 6 * SCALE, 12 * SCALE, 18 * SCALE]
    assert all(gap >= least * 0.95 for gap, least in zip(gaps, expected, strict=True))
    assert [one.headers["x-cloudtasks-taskretrycount"] for one in sent] == list("01234")
    assert [one.headers.get("x-cloudtasks-taskpreviousresponse") for one in sent] == [None, *["503"] * 4]


def test_a_task_is_given_up_after_its_attempts(tasks, receiver):
    queue = tasks.queue(retry_config={"max_attempts": 3})
    receiver.answer = lambda _: 500

    tasks.create(queue, receiver.url)

    receiver.wait(3)
    until(lambda: tasks.names(queue) == [])
    assert len(receiver.sent) == 3


def test_a_retry_duration_is_kept_beside_the_attempts(tasks, receiver):
    retry = {"max_attempts": 1, "max_retry_duration": timedelta(seconds=20), "min_backoff": timedelta(seconds=2)}
    queue = tasks.queue(retry_config=retry)
    receiver.answer = lambda _: 500

    tasks.create(queue, receiver.url)

    receiver.wait(2)
    until(lambda: tasks.names(queue) == [])
    assert receiver.sent[-1].at - receiver.sent[0].at >= 20 * SCALE * 0.9


def test_a_target_slower_than_the_deadline_is_asked_again(tasks, receiver):
    queue = tasks.queue()

    def answer(sent):
        if len(receiver.sent) == 1:
            until(lambda: len(receiver.sent) >= 2)
        return 200

    receiver.answer = answer
    task = {"http_request": {"url": receiver.url}, "dispatch_deadline": timedelta(seconds=15)}
    tasks.api.create_task(parent=queue, task=task)

    first, second = receiver.wait(2)
    assert second.at - first.at >= 15 * SCALE / 2
    assert second.headers["x-cloudtasks-taskexecutioncount"] == "0"


def test_a_target_that_is_down_uses_up_no_attempts(tasks, receiver):
    queue = tasks.queue(retry_config={"max_attempts": 1})
    receiver.close()
    tasks.create(queue, receiver.url)
    time.sleep(10 * 0.2 * SCALE)
    receiver.open()

    [sent] = receiver.wait(1)

    assert sent.headers["x-cloudtasks-taskretrycount"] == "0"


def test_the_rate_of_a_queue_is_kept(tasks, receiver):
    queue = tasks.queue(rate_limits={"max_dispatches_per_second": 10})

    for _ in range(6):
        tasks.create(queue, receiver.url)

    sent = receiver.wait(6)
    assert sent[5].at - sent[0].at >= 0.3  # two at once, then one each 100 ms, all but what arrives late


def test_so_many_of_a_queue_run_at_once(tasks, receiver):
    queue = tasks.queue(rate_limits={"max_concurrent_dispatches": 2})
    running, most = [], []

    def answer(sent):
        running.append(sent)
        most.append(len(running))
        time.sleep(0.03)
        running.remove(sent)
        return 200

    receiver.answer = answer
    for n in range(8):
        tasks.create(queue, receiver.url + f"/{n}")

    receiver.wait(8)
    assert max(most) == 2


def test_a_paused_queue_sends_only_what_is_run_by_hand(tasks, receiver):
    queue = tasks.queue()
    assert tasks.api.pause_queue(name=queue).state == Queue.State.PAUSED
    tasks.create(queue, receiver.url + "/waits")
    forced = tasks.create(queue, receiver.url + "/forced", schedule_time=later(hours=1))

    tasks.api.run_task(name=forced.name)
    receiver.wait(1, "/forced")
    assert receiver.at("/waits") == []

    assert tasks.api.resume_queue(name=queue).state == Queue.State.RUNNING
    receiver.wait(1, "/waits")
    assert len(receiver.at("/forced")) == 1


def test_a_queue_has_googles_defaults_and_can_be_updated(tasks):
    queue = tasks.queue()
    config = tasks.api.get_queue(name=queue)
    assert config.state == Queue.State.RUNNING
    assert config.rate_limits.max_dispatches_per_second == 500
    assert config.rate_limits.max_concurrent_dispatches == 1000
    assert (config.retry_config.max_attempts, config.retry_config.max_doublings) == (100, 16)
    assert config.retry_config.min_backoff == timedelta(seconds=0.1)

    wanted = {"name": queue, "retry_config": {"max_attempts": 7}, "rate_limits": {"max_dispatches_per_second": 1}}
    updated = tasks.api.update_queue(queue=wanted, update_mask={"paths": ["retry_config.max_attempts"]})

    assert (updated.retry_config.max_attempts, updated.rate_limits.max_dispatches_per_second) == (7, 500)
    assert [one.name for one in tasks.api.list_queues(parent=tasks.parent)] == [queue]


def test_a_deleted_queue_takes_its_tasks_with_it(tasks, receiver):
    queue = tasks.queue()
    tasks.create(queue, receiver.url, schedule_time=later(seconds=0.2))

    tasks.api.delete_queue(name=queue)

    with pytest.raises(NotFound):
        tasks.api.get_queue(name=queue)
    with pytest.raises(NotFound):
        tasks.create(queue, receiver.url)


def test_a_body_is_shown_in_the_full_view_only(tasks, receiver):
    queue = tasks.queue()
    name = tasks.create(queue, receiver.url, body=b"x", schedule_time=later(hours=1)).name

    assert tasks.api.get_task(name=name).http_request.body == b""
    assert tasks.api.get_task(request={"name": name, "response_view": Task.View.FULL}).http_request.body == b"x"


def test_a_listing_comes_in_pages(tasks, receiver):
    queue = tasks.queue()
    names = [tasks.create(queue, receiver.url, name=f"t{n}", schedule_time=later(hours=1)).name for n in range(5)]

    listing = tasks.api.list_tasks(request={"parent": queue, "page_size": 2})

    assert [len(page.tasks) for page in listing.pages] == [2, 2, 1]
    assert tasks.names(queue) == names


@pytest.mark.parametrize(
    "task",
    [
        {"schedule_time": datetime.now(UTC) + timedelta(days=31), "http_request": {"url": "http://a"}},
        {"http_request": {"url": "ftp://a"}},
        {"http_request": {"url": "http://a", "body": b"x", "http_method": HttpMethod.GET}},
        {"http_request": {"url": "http://a"}, "dispatch_deadline": timedelta(seconds=14)},
        {"http_request": {"url": "http://a"}, "dispatch_deadline": timedelta(seconds=1801)},
        {"http_request": {"url": "http://a"}, "name": "projects/p/locations/here/queues/work/tasks/a b"},
        {"http_request": {"url": "http://a"}, "name": "projects/p/locations/here/queues/other/tasks/a"},
    ],
)
def test_what_google_refuses_is_refused(tasks, task):
    queue = tasks.queue()

    with pytest.raises(InvalidArgument):
        tasks.api.create_task(parent=queue, task=task)


def test_a_queue_is_unique_and_a_task_needs_a_request(tasks):
    queue = tasks.queue()

    with pytest.raises(AlreadyExists):
        tasks.queue()
    with pytest.raises(InvalidArgument):
        tasks.queue(name="bad_name")
    with pytest.raises(MethodNotImplemented):
        tasks.api.create_task(parent=queue, task={"app_engine_http_request": {}})
