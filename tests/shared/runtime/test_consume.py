import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.core.projects.store import Projects
from shared.crm.contacts.events import ContactCreated, ContactDeleted
from shared.kernel.values import Name
from shared.runtime.consume import Busy, Envelope, Transactions, consumer
from shared.runtime.dead_letters import Letter
from shared.runtime.declarations import declaration_of
from shared.runtime.retry import Stale
from shared.runtime.telemetry import trace
from tests.shared.runtime import declared
from tests.support.registries import own_registries
from tests.support.world import push


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def rename(uow, project_id, name="Pipa"):
    project = Projects(uow).get(project_id)
    project.update(name=Name(f"{name} {project.version}"))


def test_an_event_reaches_its_handler_typed_and_traced(tenant):
    seen = []

    @consumer(ContactCreated)
    def note_contact(uow, event: ContactCreated, envelope: Envelope) -> None:
        """Note a contact."""
        seen.append((uow.tenant_id, event, envelope.project_id, trace().correlation_id, trace().causation_id))

    sent = declared.envelope(tenant)
    assert push(declaration_of(note_contact), sent) == 204
    event = ContactCreated(contact_id=UUID(sent["data"]["contact_id"]), source="api")
    assert seen == [(tenant.tenant_id, event, tenant.project_id, "c1", sent["event_id"])]


def test_one_that_never_gets_its_turn_comes_again_later(tenant, capsys):
    @consumer(ContactCreated)
    def crowd_contact(uow, event) -> None:
        """Crowd a contact."""
        raise Stale

    assert push(declaration_of(crowd_contact), declared.envelope(tenant)) == 503
    told = capsys.readouterr().out
    assert "not now" in told
    assert "not done" not in told


def test_an_event_counts_once_however_often_and_however_many_at_once_it_comes(tenant, world):
    @consumer(ContactCreated)
    def count_contact(uow, event) -> None:
        """Count a contact."""
        rename(uow, tenant.project_id)

    sent, spec = declared.envelope(tenant), declaration_of(count_contact)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(lambda _: push(spec, sent), range(20))) == {204}
    assert world.value("select name from projects") == "Pipa 1"
    assert len(world.events()) == 1
    assert push(spec, declared.envelope(tenant)) == 204
    assert world.value("select name from projects") == "Pipa 2"


def test_two_consumers_each_have_their_own_count(tenant, world):
    def count(name):
        def handler(uow, event) -> None:
            """Count."""
            rename(uow, tenant.project_id)

        handler.__name__ = name
        return declaration_of(consumer(ContactCreated)(handler))

    sent = declared.envelope(tenant)
    assert [push(count(name), sent) for name in ("count_here", "count_there")] == [204, 204]
    assert world.value("select version from projects") == 3


def test_what_fails_leaves_nothing_and_is_delivered_again(tenant, world):
    attempts = []

    @consumer(ContactCreated)
    def fail_once(uow, event) -> None:
        """Fail once."""
        attempts.append(1)
        rename(uow, tenant.project_id)
        uow.flush()
        if len(attempts) == 1:
            raise ValueError("no")

    sent, spec = declared.envelope(tenant), declaration_of(fail_once)
    assert push(spec, sent) == 500
    assert world.value("select version from projects") == 1
    assert world.value("select count(*) from inbox") == 0
    assert push(spec, sent) == 204
    assert world.value("select version from projects") == 2


def test_a_lost_race_is_run_again_within_one_delivery(tenant, world):
    attempts = []

    @consumer(ContactCreated)
    def lose_once(uow, event) -> None:
        """Lose once."""
        attempts.append(1)
        project = Projects(uow).get(tenant.project_id)
        if len(attempts) == 1:
            world.run("update projects set version = 5 where id = :id", id=tenant.project_id)
        project.update(name=Name("Pipa"))

    assert push(declaration_of(lose_once), declared.envelope(tenant)) == 204
    assert (len(attempts), world.value("select version from projects")) == (2, 6)


def test_an_effect_outside_has_no_transaction_open_around_it(tenant, world):
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
    seen = []

    @consumer(ContactCreated)
    def call_out(transactions: Transactions, event) -> None:
        """Call out."""
        with transactions.begin() as uow:
            rename(uow, tenant.project_id, "Claimed")
            uow.commit()
        seen.append(world.value(waiting))
        with transactions.begin() as uow:
            if transactions.once(uow):
                rename(uow, tenant.project_id, "Done")
                uow.commit()

    sent, spec = declared.envelope(tenant), declaration_of(call_out)
    assert [push(spec, sent), push(spec, sent)] == [204, 204]
    assert seen == [0, 0]
    names = [event["event_type"] for event in world.events()]
    assert names == ["project.updated"] * 3


def test_busy_asks_for_another_delivery_without_alarm(tenant, capsys):
    @consumer(ContactCreated)
    def wait_contact(transactions: Transactions, event) -> None:
        """Wait."""
        raise Busy("somebody else is at it")

    assert push(declaration_of(wait_contact), declared.envelope(tenant)) == 503
    assert '"ERROR"' not in capsys.readouterr().out


def test_an_event_that_is_not_ours_is_taken_and_left(tenant):
    @consumer(ContactCreated)
    def take_created(uow, event) -> None:
        """Take."""
        raise AssertionError

    sent = declared.envelope(tenant, ContactDeleted.event_type, contact_id=str(tenant.project_id))
    assert push(declaration_of(take_created), sent) == 204


def test_an_event_of_one_tenant_sees_nothing_of_another(tenant, other_tenant, world):
    @consumer(ContactCreated)
    def reach_over(uow, event) -> None:
        """Reach over."""
        rename(uow, other_tenant.project_id)

    assert push(declaration_of(reach_over), declared.envelope(tenant)) == 500
    assert world.value("select count(*) from projects where name <> 'Default'") == 0


def test_a_payload_that_does_not_fit_is_not_consumed(tenant):
    @consumer(ContactCreated)
    def read_contact(uow, event) -> None:
        """Read."""
        raise AssertionError

    assert push(declaration_of(read_contact), declared.envelope(tenant, contact_id="no id", source="api")) == 500


@pytest.mark.parametrize("state", ["55P03", "57014", "57P01"])
def test_a_database_that_is_busy_or_away_is_no_fault_of_the_events(tenant, capsys, state):
    @consumer(ContactCreated)
    def wait_contact(transactions: Transactions, event) -> None:
        """Wait."""
        raise DatabaseError({"C": state})

    assert push(declaration_of(wait_contact), declared.envelope(tenant)) == 503
    assert '"ERROR"' not in capsys.readouterr().out


def test_what_is_no_event_is_refused_and_not_quoted(database, capsys):
    @consumer(ContactCreated)
    def take_created(uow, event) -> None:
        """Take."""

    hidden = base64.b64encode(b'{"text": "hunter2"}').decode()
    bodies: list[Any] = [{"message": {"data": hidden}}, {"message": {}}, ["hunter2"]]
    for body in bodies:
        assert declared.request(take_created, "POST", json=body).status_code == 500
    assert declared.request(take_created, "POST", data=b"hunter2").status_code == 500
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err


@pytest.fixture
def fail_always():
    @consumer(ContactCreated, max_attempts=5)
    def fail_always(uow, event) -> None:
        """Fail."""
        raise ValueError("hunter2")

    return declaration_of(fail_always)


def test_what_fails_for_the_last_time_is_kept_with_its_reason(tenant, world, fail_always):
    sent = declared.envelope(tenant)
    assert [push(fail_always, sent, attempt=number, ordering_key="k") for number in range(1, 6)] == [500] * 4 + [204]
    (letter,) = world.rows("select * from dead_letters")
    kept = {name: letter[name] for name in ("kind", "function", "message_id", "type", "destination", "ordering_key")}
    assert kept == {
        "kind": "event",
        "function": "fail_always",
        "message_id": sent["event_id"],
        "type": "contact.created",
        "destination": "contact",
        "ordering_key": "k",
    }
    assert (letter["status"], letter["attempts"], letter["reason"]) == ("waiting", 5, "ValueError")
    assert letter["places"][-1].endswith("fail_always")
    assert (letter["tenant_id"], letter["project_id"]) == (str(tenant.tenant_id), str(tenant.project_id))
    assert letter["body"] == sent
    assert letter["correlation_id"] == "c1"
    assert "hunter2" not in json.dumps(letter)


def test_one_that_is_buried_twice_is_one_letter(tenant, world, fail_always):
    sent = declared.envelope(tenant)
    assert [push(fail_always, sent, attempt=5) for _ in range(3)] == [204] * 3
    assert world.rows("select attempts from dead_letters") == [{"attempts": 5}]


def test_what_cannot_be_kept_just_now_is_delivered_again(tenant, world, fail_always, monkeypatch):
    sent = declared.envelope(tenant)
    with monkeypatch.context() as without:
        without.setattr(Letter, "keep", lambda *_: (_ for _ in ()).throw(InterfaceError("gone")))
        assert push(fail_always, sent, attempt=5) == 500
    assert push(fail_always, sent, attempt=6) == 204
    assert world.value("select attempts from dead_letters") == 6


def test_an_event_that_dies_of_a_database_that_is_away_stays_with_the_bus(tenant, world):
    @consumer(ContactCreated, max_attempts=5)
    def lose_database(uow, event) -> None:
        """Lose."""
        raise InterfaceError("gone")

    assert push(declaration_of(lose_database), declared.envelope(tenant), attempt=9) == 503
    assert world.value("select count(*) from dead_letters") == 0
