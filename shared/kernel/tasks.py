"""Typed payloads of work to be done later, named once for the wire."""

import hashlib
from dataclasses import dataclass
from typing import ClassVar, dataclass_transform


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Task:
    """Base of every task; `class X(Task, name="flush_message_group", queue="timers")` declares one.

    `once_per` names the fields that make two tasks the same: the queue then refuses the second.
    """

    catalogue: ClassVar[dict[str, type["Task"]]] = {}
    task_name: ClassVar[str]
    queue: ClassVar[str]
    once_per: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, name: str, queue: str, once_per: tuple[str, ...] = ()) -> None:
        super().__init_subclass__()
        dataclass(frozen=True, kw_only=True)(cls)
        if name in Task.catalogue and Task.catalogue[name].__qualname__ != cls.__qualname__:
            raise TypeError(f"two tasks are named {name!r}")
        cls.task_name, cls.queue, cls.once_per = name, queue, once_per
        Task.catalogue[name] = cls

    def dedup_name(self) -> str | None:
        """A name that spreads evenly, as sequential names slow the queue down; None when repeats are welcome."""
        if not self.once_per:
            return None
        parts = "\x1f".join([self.task_name, *(str(getattr(self, field)) for field in self.once_per)])
        return hashlib.sha256(parts.encode()).hexdigest()[:32]
