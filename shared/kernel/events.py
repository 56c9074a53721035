"""Domain events: what happened, in the past tense, named once for the wire."""

import re
from dataclasses import FrozenInstanceError, dataclass, fields
from typing import Any, ClassVar, dataclass_transform

ENVELOPE = frozenset(
    {
        "event_id",
        "event_type",
        "event_version",
        "occurred_at",
        "tenant_id",
        "project_id",
        "aggregate_type",
        "aggregate_id",
        "aggregate_version",
        "correlation_id",
        "causation_id",
        "actor",
        "data",
    }
)


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Event:
    """Base of every domain event; `class X(Event, name="thing.happened")` declares one.

    The name is the contract with consumers, so it is written out and never derived
    from the class: renaming a class must not rename what is already on the wire.
    `ordered_by` names the field whose value keeps related events in order; without it
    the order is kept per aggregate.
    """

    catalogue: ClassVar[dict[str, type["Event"]]] = {}
    event_type: ClassVar[str]
    ordered_by: ClassVar[str | None] = None
    _fields: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, *, name: str = "", ordered_by: str | None = None) -> None:
        super().__init_subclass__()
        # All of them are made, shown and compared in one way, said below: to write it for each, or the text by which a
        # dataclass without one is described, costs every cold start.
        cls.__doc__ = cls.__doc__ or cls.__name__
        dataclass(init=False, repr=False, eq=False)(cls)
        cls.ordered_by = ordered_by or cls.ordered_by
        cls._fields = frozenset(field.name for field in fields(cls))  # type: ignore[arg-type] # made a dataclass above
        if taken := ENVELOPE & cls._fields:
            raise TypeError(f"{cls.__name__} has fields the envelope already carries: {', '.join(sorted(taken))}")
        if name:
            cls._file(name)

    def __init__(self, **told: Any) -> None:
        if told.keys() != self._fields:
            wrong = ", ".join(sorted(told.keys() ^ self._fields))
            raise TypeError(f"{type(self).__name__} lacks these fields, or has none of that name: {wrong}")
        vars(self).update(told)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"what happened does not change: {name}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"what happened does not change: {name}")

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({told})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), *vars(self).values()))

    @classmethod
    def _file(cls, name: str) -> None:
        if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
            raise TypeError(f"{name!r} is not an event name; write aggregate.past_participle")
        if name in Event.catalogue and Event.catalogue[name].__qualname__ != cls.__qualname__:
            raise TypeError(f"two events are named {name!r}")
        cls.event_type = name
        Event.catalogue[name] = cls

    @classmethod
    def topic(cls) -> str:
        """The aggregate's own topic: what stands before the dot."""
        return topic_of(cls.event_type)


def topic_of(event_type: str) -> str:
    """The topic that events of this name are published to."""
    return event_type.partition(".")[0].replace("_", "-")
