from uuid import uuid4

import pytest

from shared.core.projects.events import ProjectCreated, ProjectUpdated
from shared.core.projects.model import LONGEST_TIMEOUT, Project
from shared.kernel.errors import Invalid
from shared.kernel.values import Name, Timezone


@pytest.fixture
def project():
    project = Project.create(tenant_id=uuid4(), name=Name("Default"))
    assert project.collect() == [ProjectCreated()]
    return project


def test_a_project_begins_in_brazil_with_a_day_of_patience(project):
    assert project.timezone == "America/Sao_Paulo"
    assert project.session_timeout_minutes == 1440
    assert project.project_id == project.id


def test_an_update_says_what_changed(project):
    project.update(name=Name("Vendas"), timezone=Timezone("America/Sao_Paulo"), session_timeout_minutes=30)
    assert (project.name, project.session_timeout_minutes) == ("Vendas", 30)
    assert project.collect() == [ProjectUpdated(changed=["name", "session_timeout_minutes"])]


def test_an_update_to_the_same_says_nothing(project):
    project.update(name=Name("Default"))
    project.update()
    assert project.collect() == []


@pytest.mark.parametrize("minutes", [0, -1, LONGEST_TIMEOUT + 1])
def test_a_timeout_has_bounds(project, minutes):
    with pytest.raises(Invalid):
        project.update(name=Name("Vendas"), session_timeout_minutes=minutes)
    assert (project.name, project.collect()) == ("Default", [])
