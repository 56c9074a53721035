"""Where projects are kept and how they are found."""

from uuid import UUID

from shared.core.projects.model import Project
from shared.kernel.errors import NotFound
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

projects = map_aggregate(Project, "projects")


class Projects(Repository[Project]):
    kind = Project

    def of_caller(self, id: UUID) -> Project:
        """The project the caller acts in, if that is its id; a role in one project is none in another."""
        if id != self.uow.caller.project_id:
            raise NotFound("there is no such project")
        return self.get(id)
