import pytest

PATH = "/api/v1/users"


def test_everybody_of_the_tenant_and_nobody_else(api, tenant, other_tenant):
    listed = api.get(PATH, as_=tenant.admin).json["data"]
    assert {each["id"] for each in listed} == {str(person.user_id) for person in tenant.people}
    assert set(listed[0]) == {"id", "email", "name", "status", "version", "created_at", "updated_at"}


def test_it_filters_and_sorts(api, tenant):
    listed = api.get(f"{PATH}?filter[status]=active&sort=name:asc", as_=tenant.admin).json["data"]
    assert [each["name"] for each in listed] == ["Admin", "Agent", "Viewer"]


@pytest.mark.parametrize("role", ["agent", "viewer"])
def test_only_for_admins(api, tenant, role):
    assert api.get(PATH, as_=getattr(tenant, role)).status_code == 403
