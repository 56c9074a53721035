import pytest

from tests.support.borders import hidden

PATH = "/api/v1/crm/contacts/{}"


def test_a_deleted_contact_is_gone_and_what_was_said_is_kept(api, tenant, world, spoken):
    answer = api.delete(PATH.format(spoken.contact_id), as_=tenant.admin)
    assert (answer.status_code, answer.data) == (204, b"")
    for below in ("", "/sessions", "/messages", "/events"):
        assert hidden(api, tenant.admin, "GET", PATH + below, spoken.contact_id)
    assert world.value("select count(*) from messages") == 1
    assert world.value("select count(*) from contact_identities") == 2
    assert world.events("contact.deleted")[0]["data"] == {"contact_id": str(spoken.contact_id)}


def test_it_is_deleted_once(api, tenant, world, spoken):
    api.delete(PATH.format(spoken.contact_id), as_=tenant.admin)
    assert hidden(api, tenant.admin, "DELETE", PATH, spoken.contact_id)
    assert len(world.events("contact.deleted")) == 1


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_an_admin_deletes(api, tenant, spoken, role):
    assert api.delete(PATH.format(spoken.contact_id), as_=getattr(tenant, role)).status_code == 403
    assert api.get(PATH.format(spoken.contact_id), as_=tenant.viewer).status_code == 200


def test_a_stranger_deletes_nothing(api, spoken):
    assert api.delete(PATH.format(spoken.contact_id)).status_code == 401


def test_another_tenants_contact_looks_like_one_that_never_was(api, tenant, world, theirs):
    assert hidden(api, tenant.admin, "DELETE", PATH, theirs.contact_id)
    assert world.value("select deleted_at from contacts") is None
