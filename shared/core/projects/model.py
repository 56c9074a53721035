"""A project: a workspace of a tenant, with its own clock."""

from dataclasses import dataclass
from typing import ClassVar, Self
from uuid import UUID

from shared.core.projects.events import ProjectCreated, ProjectUpdated
from shared.kernel.aggregate import Aggregate
from shared.kernel.errors import Invalid
from shared.kernel.ids import uuid7
from shared.kernel.values import Name, Timezone

HOME = Timezone("America/Sao_Paulo")
LONGEST_TIMEOUT = 30 * 24 * 60  # minutes
LONGEST_KEPT = 3650  # days


@dataclass(eq=False, kw_only=True)
class Project(Aggregate):
    """`timezone` defines its days and months; a session that is silent for the timeout, in minutes, closes.

    Files of messages are removed when they are older than `media_kept_days`.
    """

    aggregate_type: ClassVar[str] = "project"

    id: UUID
    tenant_id: UUID
    version: int = 1
    name: Name
    timezone: Timezone = HOME
    session_timeout_minutes: int = 24 * 60
    media_kept_days: int = 365

    @property
    def project_id(self) -> UUID:
        """Its own id, for the envelopes of its events."""
        return self.id

    @classmethod
    def create(cls, *, tenant_id: UUID, name: Name) -> Self:
        project = cls(id=uuid7(), tenant_id=tenant_id, name=name)
        project.record(ProjectCreated())
        return project

    def update(
        self,
        *,
        name: Name | None = None,
        timezone: Timezone | None = None,
        session_timeout_minutes: int | None = None,
        media_kept_days: int | None = None,
    ) -> None:
        """Change what is given; a new timeout counts for the sessions that open from now on."""
        if media_kept_days is not None and not 1 <= media_kept_days <= LONGEST_KEPT:
            raise Invalid(f"files are kept for 1 to {LONGEST_KEPT} days")
        if session_timeout_minutes is not None and not 1 <= session_timeout_minutes <= LONGEST_TIMEOUT:
            raise Invalid(f"a session's timeout lies between 1 and {LONGEST_TIMEOUT} minutes")
        wanted = {
            "name": name,
            "timezone": timezone,
            "session_timeout_minutes": session_timeout_minutes,
            "media_kept_days": media_kept_days,
        }
        changes = {key: value for key, value in wanted.items() if value not in (None, getattr(self, key))}
        for key, value in changes.items():
            setattr(self, key, value)
        if changes:
            self.record(ProjectUpdated(changed=sorted(changes)))
