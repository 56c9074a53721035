import argparse
from contextlib import closing
from datetime import UTC, datetime, timedelta

import google.auth
import pytest
from google.oauth2.credentials import Credentials

from infra import reach
from infra.cloud.tunnel import Tunnel, opened
from infra.reach import local
from shared.runtime.postgres import DATABASE_ERRORS, Connections, sql
from tests.infra.cloud.sql_instance import INSTANCE, running
from tests.infra.cloud.test_secrets import Box


def operator(who="the-operator"):
    expiry = datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=1)
    return Credentials(token=who, expiry=expiry)


@pytest.fixture
def instance(postgres, tmp_path):
    with running(postgres.port, tmp_path) as made:
        yield made


@pytest.fixture
def owner_url(postgres, worker_id):
    """As the migration job keeps it, with the instance's own address."""
    name = f"ventros_instance_{worker_id}"
    postgres.clone(name)
    yield f"postgresql://ventros_owner:{postgres.passwords['ventros_owner']}@10.0.0.3:5432/{name}?sslmode=verify-ca"
    postgres.drop(name)


def way_to(instance, **options):
    return Tunnel(INSTANCE, operator(), endpoint=instance.endpoint, port=instance.port, **options)


def test_a_port_of_this_machine_leads_to_the_instance(instance, owner_url):
    with opened(way_to(instance)) as port:
        for _ in range(2):
            with closing(Connections(local(owner_url, port))) as owner:
                assert owner.run(sql("select current_user, repeat('x', 200000)"))[0] == [
                    ("ventros_owner", "x" * 200_000)
                ]
    assert instance.shown == ["ephemeral", "ephemeral"]


def test_who_may_not_is_told_before_anybody_connects(instance):
    tunnel = Tunnel(INSTANCE, operator("a-stranger"), endpoint=instance.endpoint, port=instance.port)
    with pytest.raises(Exception, match="not for you"), opened(tunnel):
        pass


def test_a_server_with_another_authority_is_not_spoken_to(instance, owner_url, postgres, tmp_path):
    (tmp_path / "other").mkdir()
    with running(postgres.port, tmp_path / "other") as other:
        # The interface of one, the door of another.
        tunnel = Tunnel(INSTANCE, operator(), endpoint=instance.endpoint, port=other.port)
        with opened(tunnel) as port, pytest.raises(DATABASE_ERRORS):
            Connections(local(owner_url, port)).run(sql("select 1"))
        assert other.shown == []


def test_a_command_is_run_on_it(instance, owner_url, monkeypatch, capfd):
    monkeypatch.setattr(reach, "Vault", lambda *_: Box(owner_database_url=owner_url))
    monkeypatch.setattr(reach, "session", lambda: None)
    monkeypatch.setattr(google.auth, "default", lambda **_: (operator(), None))
    monkeypatch.setattr(reach, "Tunnel", lambda name, credentials, public: way_to(instance, public=public))
    code = reach.run(argparse.Namespace(instance=INSTANCE, public=False, rest=["migrate", "base"]))
    assert code == 0, capfd.readouterr().err
    assert set(instance.shown) == {"ephemeral"}
    with opened(way_to(instance)) as port, closing(Connections(local(owner_url, port))) as owner:
        assert owner.run(sql("select count(*) from pg_tables where schemaname = 'public'"))[0] == [("1",)]


def test_an_installation_that_was_never_prepared_is_named(monkeypatch, capsys):
    monkeypatch.setattr(reach, "Vault", lambda *_: Box())
    monkeypatch.setattr(reach, "session", lambda: None)
    assert reach.run(argparse.Namespace(instance=INSTANCE, public=False, rest=[])) == 1
    assert "There is no secret owner_database_url in the-project" in capsys.readouterr().err
