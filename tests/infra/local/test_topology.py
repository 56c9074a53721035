import pytest
from google.pubsub_v1.types import Subscription as Made

from infra.local.bus import Bus
from infra.local.topology import Builder, Subscription, Topology
from shared.kernel.events import Event
from shared.runtime.burial import Burial
from shared.runtime.consume import Consumer
from shared.runtime.dead_letters import Letter
from shared.runtime.schedule import Schedule
from shared.runtime.settings import Settings

ACCOUNT = "pusher@ventros-local.iam.gserviceaccount.com"
SETTINGS = Settings(functions_base_url="http://127.0.0.1:9/_functions", pusher_account=ACCOUNT)
PROJECT = "projects/ventros-local"
REGION = f"{PROJECT}/locations/{SETTINGS.google_region}"


def drink_tea() -> None:
    """Drink."""


@pytest.fixture
def kettle():
    """Two events, declared for the length of a test."""

    class KettleBoiled(Event, name="kettle.boiled"):
        pass

    class KettleEmptied(Event, name="kettle.emptied"):
        pass

    yield KettleBoiled, KettleEmptied
    for each in (KettleBoiled, KettleEmptied):
        del Event.catalogue[each.event_type]


def consumer(*events, ack_deadline=30):
    return Consumer(handler=drink_tea, events=events, ordered=True, ack_deadline=ack_deadline, max_attempts=7)


@pytest.fixture
def drink(kettle):
    return consumer(*kettle)


@pytest.fixture
def bus(tmp_path):
    with Bus(tmp_path, service_account=ACCOUNT) as bus:
        yield bus


@pytest.fixture
def builder(bus):
    builder = Builder(SETTINGS, f"127.0.0.1:{bus.pubsub_port}", f"127.0.0.1:{bus.tasks_port}")
    yield builder
    builder.close()


def subscriptions(builder) -> dict[str, Made]:
    made = builder.subscriber.list_subscriptions(project=PROJECT)
    return {each.name.removeprefix(f"{PROJECT}/subscriptions/"): each for each in made}


def test_a_consumer_gets_one_filtered_subscription_per_topic(builder, drink):
    topology = Topology.of([drink])
    builder.build(topology)
    made = subscriptions(builder)
    (name,) = (name for name in made if name.startswith("drink_tea."))
    tea = made[name]
    assert tea.topic == f"{PROJECT}/topics/kettle"
    assert tea.filter == 'attributes.type = "kettle.boiled" OR attributes.type = "kettle.emptied"'
    assert tea.enable_message_ordering
    assert tea.ack_deadline_seconds == 30
    assert tea.push_config.push_endpoint == "http://127.0.0.1:9/_functions/drink_tea"
    assert tea.push_config.oidc_token.service_account_email == ACCOUNT
    assert tea.push_config.oidc_token.audience == tea.push_config.push_endpoint
    assert tea.dead_letter_policy.max_delivery_attempts == 7
    assert tea.dead_letter_policy.dead_letter_topic == f"{PROJECT}/topics/dead-letters"
    assert f"{PROJECT}/topics/dead-letters" in {topic.name for topic in builder.publisher.list_topics(project=PROJECT)}


def test_what_nobody_takes_is_pushed_to_the_function_that_keeps_it(builder):
    def keep_leaves(_: Letter) -> None:
        """Keep."""

    builder.build(Topology.of([Burial(handler=keep_leaves)]))
    kept = subscriptions(builder)["keep_leaves"]
    assert kept.topic == f"{PROJECT}/topics/dead-letters"
    assert kept.push_config.push_endpoint == "http://127.0.0.1:9/_functions/keep_leaves"
    assert kept.push_config.oidc_token.service_account_email == ACCOUNT
    assert not kept.dead_letter_policy.dead_letter_topic


def test_every_aggregate_has_its_topic_and_every_queue_is_made(builder, drink):
    topology = Topology.of([drink])
    builder.build(topology)
    topics = {topic.name for topic in builder.publisher.list_topics(project=PROJECT)}
    assert {f"{PROJECT}/topics/{name}" for name in topology.topics} <= topics
    assert "kettle" in topology.topics
    queues = {queue.name.rpartition("/")[2] for queue in builder.tasks.list_queues(parent=REGION)}
    assert queues == topology.queues


def test_building_again_changes_what_can_be_changed_and_removes_what_nobody_declares(builder, drink, kettle):
    builder.build(Topology.of([drink]))
    builder.build(Topology.of([consumer(kettle[0])]))
    builder.build(Topology.of([consumer(kettle[0], ack_deadline=60)]))
    made = subscriptions(builder)
    (name,) = (name for name in made if name.startswith("drink_tea."))
    assert made[name].ack_deadline_seconds == 60
    assert made[name].filter == 'attributes.type = "kettle.boiled"'


def test_the_name_changes_with_the_filter(drink, kettle):
    names = {Subscription(each, "kettle").name for each in (drink, consumer(kettle[0]))}
    assert len(names) == 2


def test_a_filter_too_long_for_pubsub_is_left_out(drink, monkeypatch):
    monkeypatch.setattr("infra.local.topology.LONGEST_FILTER", 60)
    assert Subscription(drink, "kettle").filter == ""


def test_a_schedule_becomes_a_job():
    def water_plants() -> None:
        """Water."""

    topology = Topology.of([Schedule(handler=water_plants, cron="0 7 * * *")])
    url = "http://127.0.0.1:9/_functions"
    assert topology.jobs(url) == [{"name": "water_plants", "cron": "0 7 * * *", "url": f"{url}/water_plants"}]
