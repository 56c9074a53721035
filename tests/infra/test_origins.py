from argparse import Namespace

import pytest

from infra import origins


@pytest.fixture
def command(database, tenant):
    def run(origin=None, **options):
        given = {"origin": origin, "remove": False, "database_url": database.owner_url, **options}
        return origins.run(Namespace(tenant=tenant.tenant_id, **given))

    return run


def test_a_tenants_list_is_added_to_and_taken_from(command, capsys):
    command("https://b.example.com")
    command("https://a.example.com:8443")
    capsys.readouterr()
    assert command("https://a.example.com:8443") == 0
    assert capsys.readouterr().out.split() == ["https://a.example.com:8443", "https://b.example.com"]
    command("https://b.example.com", remove=True)
    assert command() == 0
    assert capsys.readouterr().out.split()[-1] == "https://a.example.com:8443"


@pytest.mark.parametrize("origin", ["*", "https://a.example.com/", "null", "HTTPS://a.example.com", "a.example.com"])
def test_what_no_browser_writes_is_refused(command, capsys, origin):
    assert command(origin) == 2
    assert "Write the origin as browsers do" in capsys.readouterr().out


def test_it_asks_for_a_database(command, capsys):
    assert command(database_url=None) == 2
    assert "--database-url" in capsys.readouterr().out
