from dataclasses import FrozenInstanceError
from uuid import UUID, uuid4

import pytest

from shared.kernel.aggregate import Aggregate
from shared.kernel.events import ENVELOPE, Event
from tests.support.registries import own_registries


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def test_an_event_is_filed_under_its_name_and_cannot_change():
    class KiteFlown(Event, name="kite.flown"):
        kite_id: UUID

    event = KiteFlown(kite_id=uuid4())
    assert Event.catalogue["kite.flown"] is KiteFlown
    assert (event.event_type, event.topic()) == ("kite.flown", "kite")
    with pytest.raises(FrozenInstanceError):
        event.kite_id = uuid4()  # type: ignore[misc] # it is frozen, says mypy too
    with pytest.raises(FrozenInstanceError):
        del event.kite_id


def test_fields_are_given_by_name():
    class KiteFlown(Event, name="kite.flown"):
        kite_id: UUID

    with pytest.raises(TypeError):
        KiteFlown(uuid4())  # type: ignore[call-arg] # as above


@pytest.mark.parametrize("told", [{}, {"kite_id": 1}, {"kite_id": 1, "height": 2, "wind": 3}])
def test_each_field_is_given_and_nothing_else(told):
    class KiteRose(Event, name="kite.rose"):
        kite_id: int
        height: int

    with pytest.raises(TypeError, match="KiteRose lacks these fields, or has none of that name: "):
        KiteRose(**told)


def test_two_events_of_one_name_are_an_error():
    class KiteFlown(Event, name="kite.flown"):
        pass

    with pytest.raises(TypeError, match=r"two events are named 'kite\.flown'"):

        class KiteLost(Event, name="kite.flown"):
            pass


def test_a_module_may_be_imported_again():
    for _ in range(2):

        class KiteFlown(Event, name="kite.flown"):
            pass

        assert Event.catalogue["kite.flown"] is KiteFlown


@pytest.mark.parametrize(
    "name", ["kite", "kite.flown.high", "Kite.flown", "kite flown", "kite.", ".flown", "kite-line.cut"]
)
def test_a_name_is_aggregate_dot_participle(name):
    with pytest.raises(TypeError, match="is not an event name"):
        type("KiteFlown", (Event,), {}, name=name)


@pytest.mark.parametrize("field", sorted(ENVELOPE))
def test_a_field_of_the_envelope_cannot_be_one_of_the_payload(field):
    with pytest.raises(TypeError, match=field):
        type("KiteFlown", (Event,), {"__annotations__": {field: str}}, name="kite.flown")


def test_a_base_without_a_name_is_not_filed_and_hands_on_its_fields():
    class KiteEvent(Event, ordered_by="line_id"):
        line_id: UUID

    class KiteFlown(KiteEvent, name="kite_line.flown"):
        height: int

    assert {"line_id", "height"} <= set(KiteFlown.__dataclass_fields__)
    assert KiteFlown.ordered_by == "line_id"
    assert KiteFlown.topic() == "kite-line"
    assert KiteEvent not in Event.catalogue.values()


def test_an_aggregate_hands_over_what_it_recorded_once():
    class Kite(Aggregate):
        pass

    class KiteFlown(Event, name="kite.flown"):
        pass

    kite, other = Kite(), Kite()
    kite.record(KiteFlown())
    kite.record(KiteFlown())
    assert kite.collect() == [KiteFlown(), KiteFlown()]
    assert kite.collect() == other.collect() == []
