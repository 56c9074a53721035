import base64
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.cloud.google import DatabaseServer, LinkKeys, Refused, Vault


@dataclass
class Answered:
    status_code: int
    body: object = None

    @property
    def text(self):
        return str(self.body)

    def json(self):
        return self.body


@dataclass
class Google:
    """Answers each method and end of a URL with what it was given, the last of several for good."""

    answers: dict[Any, Any]
    asked: list[Any] = field(default_factory=list)

    def request(self, method, url, *, json=None, timeout=0.0):
        self.asked.append((method, url, json))
        key = next(key for key in self.answers if method == key[0] and url.endswith(key[1]))
        found = self.answers[key]
        return found.pop(0) if isinstance(found, list) and len(found) > 1 else found[0]


ACCESS, ADD = ("GET", "/secrets/keys/versions/latest:access"), ("POST", "/secrets/keys:addVersion")
INSTANCE, USER = ("GET", "/projects/p/instances/db"), ("PUT", "/projects/p/instances/db/users?name=postgres")
OPERATION = ("GET", "/projects/p/operations/op")


def test_a_secret_without_a_version_has_no_value():
    assert Vault(Google({ACCESS: [Answered(404)]}), "p").latest("keys") is None


def test_a_value_travels_in_base64():
    google = Google(
        {ACCESS: [Answered(200, {"payload": {"data": base64.b64encode(b"k1:x").decode()}})], ADD: [Answered(200, {})]}
    )
    vault = Vault(google, "p")
    assert vault.latest("keys") == "k1:x"
    vault.add("keys", "k2:y")
    assert base64.b64decode(google.asked[-1][2]["payload"]["data"]) == b"k2:y"
    assert google.asked[-1][1].startswith("https://secretmanager.googleapis.com/v1/projects/p/")


def test_a_no_is_told_and_so_is_a_secret_that_is_not_there():
    with pytest.raises(Refused, match="was answered with 403: not for you"):
        Vault(Google({ACCESS: [Answered(403, "not for you")]}), "p").latest("keys")
    with pytest.raises(Refused, match="There is no secret keys: Terraform makes it"):
        Vault(Google({ADD: [Answered(404)]}), "p").add("keys", "x")


def test_a_key_for_links_is_made_in_the_name_of_their_account():
    end = ("POST", "/projects/p/hmacKeys?serviceAccountEmail=links@p.iam.gserviceaccount.com")
    google = Google({end: [Answered(200, {"secret": "s3cret", "metadata": {"accessId": "GOOG1E"}})]})
    assert LinkKeys(google, "p", "links@p.iam.gserviceaccount.com").new() == ("GOOG1E", "s3cret")
    with pytest.raises(Refused, match="Terraform makes it"):
        LinkKeys(Google({end: [Answered(404)]}), "p", "links@p.iam.gserviceaccount.com").new()


def server(**answers):
    google = Google(answers.pop("given"))
    return google, DatabaseServer(google, "p:southamerica-east1:db", pause=0.0)


def test_a_password_holds_when_the_operation_has_ended():
    pending, done = Answered(200, {"name": "op", "status": "PENDING"}), Answered(200, {"name": "op", "status": "DONE"})
    google, cloud_sql = server(given={USER: [pending], OPERATION: [pending, done]})
    cloud_sql.set_password("postgres", "secret")
    assert [method for method, _, _ in google.asked] == ["PUT", "GET", "GET"]
    assert google.asked[0][2] == {"name": "postgres", "password": "secret"}


def test_an_operation_that_fails_is_told():
    failed = Answered(200, {"name": "op", "status": "DONE", "error": {"errors": ["too short"]}})
    _, cloud_sql = server(given={USER: [failed]})
    with pytest.raises(Refused, match="too short"):
        cloud_sql.set_password("postgres", "x")


def test_an_operation_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr("infra.cloud.google.PATIENCE", 0.0)
    pending = Answered(200, {"name": "op", "status": "PENDING"})
    _, cloud_sql = server(given={USER: [pending], OPERATION: [pending]})
    with pytest.raises(Refused, match="has not ended"):
        cloud_sql.set_password("postgres", "x")


def test_the_servers_authority_is_asked_for():
    _, cloud_sql = server(given={INSTANCE: [Answered(200, {"serverCaCert": {"cert": "PEM"}})]})
    assert cloud_sql.authority() == "PEM"
    _, nothing = server(given={INSTANCE: [Answered(404)]})
    with pytest.raises(Refused, match="instances/db: Terraform makes it"):
        nothing.authority()
