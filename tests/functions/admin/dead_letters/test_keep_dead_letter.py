import base64
import json

import pytest

from functions.admin.dead_letters.keep_dead_letter import keep_dead_letter
from shared.runtime.dead_letters import Letter
from shared.runtime.declarations import declaration_of
from tests.shared.runtime.declared import envelope
from tests.support.api import call


def bury(sent, *, subscription="record_timeline.contact.0a1b2c3d", key="k"):
    """Push a dead letter as Pub/Sub does."""
    origin = {
        "DeliveryCount": "10",
        "Subscription": subscription,
        "SubscriptionProject": "ventros-local",
        "TopicPublishTime": "2026-01-31T12:00:00Z",
    }
    message = {
        "data": base64.b64encode(json.dumps(sent).encode()).decode(),
        "messageId": "1",
        "orderingKey": key,
        "attributes": {f"CloudPubSubDeadLetterSource{name}": value for name, value in origin.items()},
    }
    body = {"message": message, "subscription": "projects/ventros-local/subscriptions/keep_dead_letter"}
    return call(declaration_of(keep_dead_letter), "POST", "/", json=body).status_code


def test_what_nobody_acknowledged_is_kept_with_where_it_came_from(world, tenant):
    sent = envelope(tenant)
    assert [bury(sent), bury(sent)] == [204, 204]
    (letter,) = world.rows("select * from dead_letters")
    kept = {name: letter[name] for name in ("kind", "function", "message_id", "type", "destination", "ordering_key")}
    assert kept == {
        "kind": "event",
        "function": "record_timeline",
        "message_id": sent["event_id"],
        "type": "contact.created",
        "destination": "contact",
        "ordering_key": "k",
    }
    assert (letter["reason"], letter["places"], letter["attempts"]) == ("NotAcknowledged", [], 10)
    assert letter["body"] == sent


def test_each_consumer_has_a_letter_of_its_own(world, tenant):
    sent = envelope(tenant)
    for consumer in ("record_timeline", "run_agent"):
        assert bury(sent, subscription=f"{consumer}.contact.0a1b2c3d") == 204
    assert world.value("select count(*) from dead_letters") == 2


def test_one_in_a_form_that_no_consumer_understands_is_kept_all_the_same(world, tenant):
    sent = {**envelope(tenant), "occurred_at": "yesterday", "data": ["?"]}
    assert bury(sent) == 204
    assert world.value("select body -> 'data' from dead_letters") == ["?"]


@pytest.mark.parametrize("body", [b"no", b"{}", b'{"message": {"attributes": {}, "data": "aHVudGVyMg=="}}'])
def test_what_is_none_of_ours_is_let_go_and_not_quoted(database, world, capsys, body):
    assert call(declaration_of(keep_dead_letter), "POST", "/", data=body).status_code == 204
    assert world.value("select count(*) from dead_letters") == 0
    told = capsys.readouterr()
    assert "hunter2" not in told.out + told.err
    assert "not a dead letter of ours" in told.out


@pytest.mark.parametrize(("error", "status"), [(ConnectionResetError(), 503), (ValueError(), 500)])
def test_one_that_cannot_be_kept_just_now_comes_again(world, tenant, monkeypatch, error, status):
    def fail(*_):
        raise error

    with monkeypatch.context() as bug:
        bug.setattr(Letter, "keep", fail)
        assert bury(envelope(tenant)) == status
    assert bury(envelope(tenant)) == 204
