"""Answering a message group: decide whether a bot may, ask its responder, and queue the reply if it still may."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.ai.responders.base import Answer, Question, ResponderError
from shared.ai.responders.choose import responder_for
from shared.ai.runs.conversation import bot_replies_within, last_turns, said_lately
from shared.ai.runs.model import AiRun, RunStatus
from shared.ai.runs.store import AiRuns
from shared.core.projects.store import Projects
from shared.crm.agents.model import Agent, AgentKind, AgentStatus
from shared.crm.agents.store import Agents, agents
from shared.crm.channels.model import Channel, ChannelStatus
from shared.crm.channels.store import Channels
from shared.crm.chats.model import Chat
from shared.crm.chats.store import Chats
from shared.crm.message_groups.model import GroupStatus, MessageGroup, Outcome
from shared.crm.message_groups.store import MessageGroups
from shared.crm.message_groups.use_cases import locked_group, present_session, what_is_asked
from shared.crm.messages.model import Message, SenderKind
from shared.crm.messages.store import Messages
from shared.crm.messages.words import all_in_words
from shared.crm.sessions.model import Holder, Session
from shared.kernel.inbound import ChatKind
from shared.kernel.outbound import words
from shared.runtime.consume import Busy, Transactions
from shared.runtime.retry import retried
from shared.runtime.telemetry import say
from shared.runtime.work import UnitOfWork

LEASE = timedelta(seconds=90)  # longer than any responder may take
MOST_REPLIES_AN_HOUR = 20


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A group and all around it, read under the chat's lock."""

    group: MessageGroup
    chat: Chat
    channel: Channel
    session: Session | None
    agent: Agent | None


@dataclass(frozen=True, kw_only=True)
class Decline:
    """Why no bot answers."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A claim of a run, which ends with its lease, and what is to be answered."""

    group_id: UUID
    run_id: UUID
    since: datetime
    responder: str
    question: Question


def answer_group(transactions: Transactions, group_id: UUID) -> None:
    """Answer a group once. Called again it does nothing, or waits for the one who is at it."""
    attempt = retried(lambda: _begin(transactions, group_id))
    if attempt is None:
        return
    answer = _ask(attempt)
    if isinstance(answer, Answer):
        retried(lambda: _finish(transactions, attempt, answer))
    else:
        retried(lambda: _failed(transactions, attempt, answer))


def _ask(attempt: Attempt) -> Answer | ResponderError:
    try:
        return responder_for(attempt.responder).answer(attempt.question)
    except ResponderError as error:
        return error


def _begin(transactions: Transactions, group_id: UUID) -> Attempt | None:
    with transactions.begin() as uow:
        scene = _scene(uow, group_id)
        if scene is None or scene.group.status is not GroupStatus.COMPLETED:
            return None
        if scene.group.outcome is not None:
            _end_left_behind(uow, scene.group)
            uow.commit()
            return None
        question = _question(uow, scene)
        if declined := _declined(uow, scene, question):
            _settle(uow, scene, declined)
            uow.commit()
            return None
        attempt = _attempt(_run(uow, scene), question)
        uow.commit()
        return attempt


def _attempt(run: AiRun, question: Question) -> Attempt:
    return Attempt(
        group_id=run.message_group_id,
        run_id=run.id,
        since=run.started_at,
        responder=run.responder,
        question=question,
    )


def _scene(uow: UnitOfWork, group_id: UUID) -> Scene | None:
    group = locked_group(uow, group_id)
    if group is None:
        return None
    channel = Channels(uow).get(group.channel_id)
    agent = Agents(uow).first(agents.c.id == channel.default_agent_id) if channel.default_agent_id else None
    return Scene(
        group=group,
        chat=Chats(uow).get(group.chat_id),
        channel=channel,
        session=present_session(uow, group),
        agent=agent,
    )


def _declined(uow: UnitOfWork, scene: Scene, question: Question) -> Decline | None:
    """Why no bot may answer; None when one may."""
    if scene.session and scene.session.held_by is Holder.HUMAN:
        return Decline(outcome=Outcome.TAKEN_OVER, reason="a person holds the session")
    if bot_replies_within(uow, scene.chat.id, timedelta(hours=1)) >= MOST_REPLIES_AN_HOUR:
        return Decline(outcome=Outcome.TAKEN_OVER, reason="the bot has replied too often within an hour")
    if not question.text:
        return Decline(outcome=Outcome.NO_AGENT, reason="every message of it was deleted or taken back")
    if reason := _nobody(uow, scene):
        return Decline(outcome=Outcome.NO_AGENT, reason=reason)
    return None


def _nobody(uow: UnitOfWork, scene: Scene) -> str | None:
    agent = scene.agent
    if scene.channel.status is not ChannelStatus.ACTIVE:
        return "the channel is not active"
    if agent is None or agent.kind is not AgentKind.BOT or agent.status is not AgentStatus.ACTIVE:
        return "the channel has no bot"
    if scene.chat.kind is ChatKind.GROUP and not scene.channel.replies_in_groups:
        return "the channel does not reply in groups"
    if not said_lately(uow, scene.group.id):
        return "the messages were too old when they came"
    return None


def _settle(uow: UnitOfWork, scene: Scene, declined: Decline) -> None:
    scene.group.settle(declined.outcome, declined.reason)
    if declined.outcome is Outcome.TAKEN_OVER and scene.session:
        scene.session.escalate(declined.reason, uow.now)


def _run(uow: UnitOfWork, scene: Scene) -> AiRun:
    """Claim the group for this run; raises Busy while somebody else is at it."""
    known = AiRuns(uow).of_group(scene.group.id)
    if known is None:
        return AiRuns(uow).add(_new_run(scene, uow.now))
    _wait_for(known, uow.now)
    bot, responder = _bot(scene)
    known.take_over(uow.now, agent_id=bot.id, responder=responder)
    return known


def _wait_for(run: AiRun, now: datetime) -> None:
    if run.status is RunStatus.RUNNING and now - run.started_at < LEASE:
        raise Busy("another copy of this run is under way")


def _end_left_behind(uow: UnitOfWork, group: MessageGroup) -> None:
    """End the run of a group that has ended otherwise, if whoever began it is gone."""
    run = AiRuns(uow).of_group(group.id)
    if run and run.status is RunStatus.RUNNING:
        _wait_for(run, uow.now)
        run.fail("whoever began this run is gone", uow.now)


def _bot(scene: Scene) -> tuple[Agent, str]:
    if scene.agent is None or scene.agent.responder is None:
        raise AssertionError("only a bot is asked")
    return scene.agent, scene.agent.responder


def _new_run(scene: Scene, now: datetime) -> AiRun:
    group, (bot, responder) = scene.group, _bot(scene)
    return AiRun.start(
        tenant_id=group.tenant_id,
        project_id=group.project_id,
        message_group_id=group.id,
        chat_id=group.chat_id,
        contact_id=scene.chat.contact_id,
        session_id=scene.session.id if scene.session else None,
        agent_id=bot.id,
        responder=responder,
        at=now,
    )


def _question(uow: UnitOfWork, scene: Scene) -> Question:
    project = Projects(uow).get(scene.group.project_id)
    return Question(
        # The customer may have edited it, or taken it back, since it was put together.
        text=all_in_words(what_is_asked(uow, scene.group)),
        turns=last_turns(uow, scene.chat.id),
        now=uow.now.astimezone(project.timezone.info),
        config=scene.agent.config if scene.agent else {},
    )


def _finish(transactions: Transactions, attempt: Attempt, answer: Answer) -> None:
    """Queue the reply, if no person holds the session by now and nothing newer was said."""
    with transactions.begin() as uow:
        scene = _scene(uow, attempt.group_id)
        run = AiRuns(uow).get(attempt.run_id, lock=True)
        if scene is None or run.status is not RunStatus.RUNNING:
            return
        if scene.group.outcome is None:
            _speak(uow, scene, run, answer)
        run.complete(model=answer.model, tokens=(answer.input_tokens, answer.output_tokens), at=uow.now)
        uow.commit()


def _speak(uow: UnitOfWork, scene: Scene, run: AiRun, answer: Answer) -> None:
    if scene.session and scene.session.held_by is Holder.HUMAN:
        scene.group.settle(Outcome.TAKEN_OVER, "a person took the session while the bot was thinking")
        return
    if newer := MessageGroups(uow).pending_in(scene.chat.id):
        newer.supersede(scene.group)
        return
    if answer.hands_over:
        run.hand_off("the bot asked for a person")
        if scene.session:
            scene.session.escalate("the bot asked for a person", uow.now)
    if not answer.text:
        scene.group.settle(Outcome.TAKEN_OVER if answer.hands_over else Outcome.NO_AGENT, "the bot had nothing to say")
        return
    run.reply_message_id = Messages(uow).add(_reply(uow, scene, answer.text)).id
    scene.group.settle(Outcome.REPLIED, f"answered by {answer.responder}")


def _reply(uow: UnitOfWork, scene: Scene, text: str) -> Message:
    return Message.queue(
        chat=scene.chat,
        session_id=scene.session.id if scene.session else None,
        draft=words(text),
        at=uow.now,
        sender_kind=SenderKind.BOT,
        agent_id=scene.agent.id if scene.agent else None,
        answers_group_id=scene.group.id,
    )


def _failed(transactions: Transactions, attempt: Attempt, error: ResponderError) -> None:
    """Leave a passing trouble to the next delivery; end the group on a lasting one, with a person called."""
    say("the responder did not answer", passing=error.passing)
    with transactions.begin() as uow:
        scene = _scene(uow, attempt.group_id)
        run = AiRuns(uow).get(attempt.run_id, lock=True)
        if run.status is not RunStatus.RUNNING or run.started_at != attempt.since:
            return  # Somebody else has taken the run over since, and it is theirs to end.
        run.fail(str(error), uow.now)
        if scene and scene.group.outcome is None and not error.passing:
            give_up(uow, scene.group, scene.session, str(error))
        uow.commit()
    if error.passing:
        raise Busy(str(error))


def give_up(uow: UnitOfWork, group: MessageGroup, session: Session | None, reason: str) -> None:
    """End a group that no bot could answer, and call a person."""
    group.settle(Outcome.FAILED, reason)
    if session:
        session.escalate(reason, uow.now)
