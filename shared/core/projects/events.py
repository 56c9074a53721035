"""Everything that can happen to a project; which one it is stands in the envelope."""

from shared.kernel.events import Event


class ProjectCreated(Event, name="project.created"):
    pass


class ProjectUpdated(Event, name="project.updated"):
    changed: list[str]
