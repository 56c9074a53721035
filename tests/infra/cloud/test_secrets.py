import json
import re
import secrets
from typing import Any

import pytest

from infra.cloud.secrets import DOORS, fill
from infra.environment import ROOT
from shared.runtime.uses import SECRETS

HOSTS: dict[str, Any] = {
    "database_host": "10.0.0.3",
    "pooler_host": "10.10.4.2",
    "server_authority": "the server's authority",
}
HOSTS |= {"new_link_key": lambda: ("GOOG1E", secrets.token_hex(4))}


class Box(dict[str, str]):
    """Secrets in memory, with a count of their versions."""

    def __init__(self, **given):
        super().__init__(given)
        self.added = []

    def latest(self, name):
        return self.get(name)

    def add(self, name, value):
        self[name] = value
        self.added.append(name)


@pytest.fixture
def box():
    made = Box()
    fill(made, **HOSTS)
    return made


def test_every_secret_of_the_functions_is_made_but_the_one_that_is_bought(box):
    needed = {name for names in SECRETS.values() for name in names} - {"upstash_token"}
    assert needed <= set(box)
    assert box["storage_key_id"] == "GOOG1E"
    told = (ROOT / "terraform/main.tf").read_text().partition("own_accessors = {")[2].partition("\n  }\n")[0]
    # Terraform makes their places.
    assert set(box) - needed == set(re.findall(r"^ +(\w+) +=", told, re.MULTILINE)) - needed


def test_functions_reach_the_poolers_and_the_relay_the_database(box):
    assert box["database_url"].endswith("@10.10.4.2:6432/ventros")
    assert box["resolver_database_url"].endswith("@10.10.4.2:6432/ventros_resolver")
    assert box["relay_database_url"].endswith("@10.0.0.3:5432/ventros?sslmode=verify-ca")


def test_where_cloud_sql_pools_itself_functions_reach_it_under_its_own_certificate():
    box = Box()
    fill(box, **HOSTS | {"pooler_host": HOSTS["database_host"]})
    assert box["database_url"].endswith("@10.0.0.3:6432/ventros?sslmode=verify-ca")
    assert box["resolver_database_url"].endswith("@10.0.0.3:6432/ventros?sslmode=verify-ca")
    assert box["relay_database_url"].endswith("@10.0.0.3:5432/ventros?sslmode=verify-ca")


def test_the_poolers_know_the_passwords_of_those_who_come_through_them():
    box = Box()
    passwords = fill(box, **HOSTS)
    assert box["pooler_users"].splitlines() == [
        f'"{role}" "{passwords[role]}"' for role, door in DOORS.items() if door.pooled
    ]
    assert len(set(passwords.values())) == len(DOORS)
    assert all(f":{password}@" in box[DOORS[role].kept_in] for role, password in passwords.items())


def test_a_second_time_nothing_is_made(box):
    before = len(box.added)
    again = fill(box, **HOSTS)
    assert len(box.added) == before
    assert f":{again['ventros_app']}@" in box["database_url"]


def test_both_authorities_are_believed(box):
    assert box["database_ca"].count("BEGIN CERTIFICATE") == 1
    assert box["database_ca"].endswith("the server's authority\n")
    fill(box, **HOSTS | {"server_authority": "its next authority"})
    assert box["database_ca"].endswith("its next authority\n")
    assert box.added[-1] == "database_ca"


def test_the_two_token_keys_are_made_together():
    box = Box(token_signing_key="old")
    fill(box, **HOSTS)
    assert box["token_signing_key"] != "old"
    assert json.loads(box["token_public_keys"])["keys"]


def test_a_password_that_an_operator_changed_is_everywhere_the_next_time(box):
    box["database_url"] = "postgresql://ventros_app:chosen@10.10.4.2:6432/ventros"
    assert fill(box, **HOSTS)["ventros_app"] == "chosen"
    assert '"ventros_app" "chosen"' in box["pooler_users"]
