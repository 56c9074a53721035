"""A channel that comes back fetches what it has missed; one that asks for it fetches its past when it first comes."""

from infra.fakes.waha_events import make_event, make_status
from tests.support.shop import ANA

DAY = 86_400


def connects(past, status, ago=0):
    at = int(past.shop.world.now().timestamp() - ago) * 1000
    assert past.shop.channel.deliver(make_status("GOWS", status, at=at)).status_code == 200


def remembers(past, text, ago):
    """Something was said, and nobody told us."""
    at = int(past.shop.world.now().timestamp()) - ago
    event = make_event("GOWS", "text", body=text, customer=ANA, timestamp=at)
    past.shop.waha.state.keep(past.shop.waha.state.sessions["loja"], event["payload"])


def runs(world):
    return world.rows("select kind, cause, status from history_runs order by id")


def test_what_was_said_while_it_was_away_is_fetched(open_past, world):
    past = open_past(chats=1, messages=1)
    connects(past, "WORKING", 3 * 3600)
    past.works()
    world.run("update history_runs set until = until - interval '1 day', since = since - interval '1 day'")
    connects(past, "FAILED", 2 * 3600)
    remembers(past, "alô?", 1200)
    connects(past, "WORKING")
    world.drain()
    assert [row["text"] for row in past.messages()] == ["alô?"]
    assert runs(world)[-1] == {"kind": "reconciliation", "cause": "downtime", "status": "completed"}
    assert [event["data"]["reason"] for event in world.events("channel.gap_detected")][-1] == "downtime"


def test_what_lies_before_the_channel_is_left_alone_unless_it_asks_for_it(past, world):
    connects(past, "WORKING")
    past.works()
    assert past.messages() == []


def test_a_channel_that_asks_for_it_fetches_its_past_at_first(past, world):
    body = {"imports_history": True}
    changed = past.shop.api.patch(past.path, body, as_=past.shop.tenant.admin)
    assert changed.json["imports_history"] is True
    assert len(world.events("channel.history_import_enabled")) == 1
    connects(past, "WORKING")
    past.works()
    assert past.ids() == past.remembered()
    assert runs(world) == [{"kind": "import", "cause": "connected", "status": "completed"}] * 2
    channel = past.shop.api.get(past.path, as_=past.shop.tenant.viewer).json
    assert channel["history_read_until"] is not None
    connects(past, "FAILED")
    connects(past, "WORKING")
    past.works()
    assert runs(world)[-1]["cause"] == "downtime"


def test_a_channel_that_only_starts_fetches_nothing(past, world):
    connects(past, "STARTING")
    past.works()
    assert runs(world) == []
