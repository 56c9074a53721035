import argparse
import tempfile
from pathlib import Path

import pytest

from infra import prepare as made
from infra.local.postgres import Cluster, run
from infra.prepare import Installation, prepare
from shared.runtime.postgres import connections, sql
from tests.infra.cloud.test_secrets import Box

LIMITS = {"ventros_app": 70, "ventros_observer": 4, "ventros_resolver": 20, "ventros_relay": 22, "ventros_owner": 3}


class Keys:
    def new(self):
        return "GOOG1E", "secret"


class CloudSql:
    """A Postgres whose administrator may make roles and databases but is no superuser, as Cloud SQL's is."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.passwords = []
        cluster.run("create role administrator login createrole createdb")
        # Cloud SQL lets its administrator add this one; elsewhere only a superuser may.
        run(cluster.url("postgres", "template1"), "create extension vector")

    def authority(self):
        return ""

    def set_password(self, user, password):
        self.passwords.append(password)
        self.cluster.run(f"alter role {user} password '{password}'")


class Ours(Cluster):
    def run(self, statement):
        return connections(self.admin_url).run(sql(statement))[0]


@pytest.fixture(scope="module")
def prepared():
    with tempfile.TemporaryDirectory(prefix="ventros-prepare-") as folder:
        cluster = Ours(Path(folder) / "postgres", durable=False)
        with cluster, pytest.MonkeyPatch.context() as patch:
            patch.setattr(made, "ADMINISTRATOR", "administrator")
            patch.setattr("infra.prepare._Way.url", local_url)
            server, box = CloudSql(cluster), Box()
            place = Installation(database_host="127.0.0.1", pooler_host="127.0.0.1", limits=LIMITS, port=cluster.port)
            for _ in range(2):
                prepare(place, box, server, Keys())
            yield cluster, server, box
            connections(cluster.admin_url).close()
        cluster.destroy()


original = made._Way.url


def local_url(way, role, password, database):
    return original(way, role, password, "postgres" if database == "administrator" else database)


def test_the_schema_belongs_to_an_owner_who_is_no_superuser(prepared):
    cluster, _, _ = prepared
    roles = cluster.run(
        "select rolname, rolconnlimit from pg_roles where rolname like 'ventros%' and not rolsuper and not rolbypassrls"
    )
    assert {name: int(limit) for name, limit in roles} == LIMITS
    owners = cluster.run("select pg_get_userbyid(datdba) from pg_database where datname = 'ventros'")
    assert owners[0][0] == "ventros_owner"


def test_what_the_secrets_say_opens_the_database(prepared):
    cluster, _, box = prepared
    password = box["database_url"].partition("ventros_app:")[2].partition("@")[0]
    ours = connections(f"postgresql://ventros_app:{password}@127.0.0.1:{cluster.port}/ventros")
    try:
        assert ours.run(sql("select version_num from schema_version"))[0][0][0]
        assert ours.run(sql("show statement_timeout"))[0][0][0] == "10s"
    finally:
        ours.close()


def test_the_administrators_password_is_new_every_time(prepared):
    _, server, box = prepared
    assert len(set(server.passwords)) == 2
    assert not any(password in value for password in server.passwords for value in box.values())


def test_a_schema_from_a_later_version_is_left_as_it_is(prepared, capsys):
    cluster, server, box = prepared
    place = Installation(database_host="127.0.0.1", pooler_host="127.0.0.1", limits=LIMITS, port=cluster.port)
    owner = connections(cluster.admin_url.rpartition("/")[0] + "/ventros")
    present = owner.run(sql("select version_num from schema_version"))[0][0][0]
    owner.run(sql("update schema_version set version_num = '9999_later'"))
    try:
        prepare(place, box, server, Keys())
        assert owner.run(sql("select version_num from schema_version"))[0][0][0] == "9999_later"
        assert "it stays as it is" in capsys.readouterr().out
    finally:
        owner.run(sql("update schema_version set version_num = :present", present=present))
        owner.close()


def test_outside_of_its_job_it_says_what_it_lacks(monkeypatch, capsys):
    for name in made.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert made.run(argparse.Namespace()) == 2
    assert "sets GOOGLE_PROJECT, DATABASE_INSTANCE," in capsys.readouterr().err


def test_an_installation_is_read_from_what_terraform_tells_the_job():
    place = Installation.of(
        {"DATABASE_HOST": "10.0.0.3", "POOLER_HOST": "10.10.4.2", "CONNECTION_LIMITS": '{"ventros_app": 70}'}
    )
    assert place == Installation(database_host="10.0.0.3", pooler_host="10.10.4.2", limits={"ventros_app": 70})
