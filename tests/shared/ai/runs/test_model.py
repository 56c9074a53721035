from datetime import timedelta
from uuid import UUID

from shared.ai.runs.model import AiRun, RunStatus
from shared.kernel.ids import uuid7
from tests.shared.crm.samples import CONTACT, NOON, PROJECT, TENANT, names

BOT, OTHER_BOT = UUID(int=5), UUID(int=6)
LATER = NOON + timedelta(minutes=2)


def started():
    run = AiRun.start(
        tenant_id=TENANT,
        project_id=PROJECT,
        message_group_id=uuid7(),
        chat_id=uuid7(),
        contact_id=CONTACT,
        session_id=uuid7(),
        agent_id=BOT,
        responder="rules",
        at=NOON,
    )
    assert names(run) == ["ai_run.started"]
    return run


def test_a_run_begins_running():
    run = started()
    assert (run.status, run.started_at, run.finished_at, run.error) == (RunStatus.RUNNING, NOON, None, None)


def test_a_run_that_is_complete_says_what_came_of_it_and_what_it_cost():
    run, reply = started(), uuid7()
    run.reply_message_id = reply
    run.complete(model="a model", tokens=(120, 30), at=LATER)
    assert (run.status, run.model, run.finished_at) == (RunStatus.COMPLETED, "a model", LATER)
    (event,) = run.collect()
    assert (event.event_type, event.reply_message_id) == ("ai_run.completed", reply)
    assert (event.input_tokens, event.output_tokens) == (120, 30)


def test_a_run_that_failed_says_why():
    run = started()
    run.fail("the model is away", LATER)
    assert (run.status, run.error, run.finished_at) == (RunStatus.FAILED, "the model is away", LATER)
    assert names(run) == ["ai_run.failed"]


def test_a_run_that_is_taken_over_begins_anew_with_the_bot_at_work():
    run = started()
    run.fail("the model is away", NOON)
    run.take_over(LATER, agent_id=OTHER_BOT, responder="gemini")
    assert (run.status, run.error, run.started_at, run.finished_at) == (RunStatus.RUNNING, None, LATER, None)
    assert (run.agent_id, run.responder) == (OTHER_BOT, "gemini")


def test_a_run_that_hands_over_says_so():
    run = started()
    run.hand_off("the bot asked for a person")
    assert run.hands_over
    assert names(run) == ["ai_run.handed_off"]
