"""The two of Google's interfaces that an installation is prepared through: Secret Manager and Cloud SQL's own."""

import base64
import time
from collections.abc import Mapping
from typing import Any, Protocol

import google.auth
from google.auth.transport.requests import AuthorizedSession

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
VAULT = "https://secretmanager.googleapis.com/v1"
STORAGE = "https://storage.googleapis.com/storage/v1"
SQL = "https://sqladmin.googleapis.com/v1"
SECONDS = 30.0
PATIENCE = 120.0
MISSING = 404


class Refused(Exception):
    """Google answered with an error; the sentence says to what."""


class Answer(Protocol):
    @property
    def status_code(self) -> int: ...
    @property
    def text(self) -> str: ...
    def json(self) -> Any: ...


class Session(Protocol):
    def request(
        self, method: str, url: str, *, json: Mapping[str, Any] | None = None, timeout: float = SECONDS
    ) -> Answer: ...


def session() -> Session:
    """Speak as the account that this runs as."""
    credentials, _ = google.auth.default(scopes=[SCOPE])
    made: Session = AuthorizedSession(credentials)  # type: ignore[no-untyped-call] # the library leaves it untyped
    return made


def ask(session: Session, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
    """Return what the interface answers, None where it knows no such thing. Refused: it says no."""
    answer = session.request(method, url, json=body, timeout=SECONDS)
    if answer.status_code == MISSING:
        return None
    if answer.status_code != 200:  # noqa: PLR2004 - these interfaces have one way to agree
        raise Refused(f"{method} {url} was answered with {answer.status_code}: {answer.text[:500]}")
    return answer.json()


class Vault:
    """The secrets of one project."""

    def __init__(self, session: Session, project: str) -> None:
        self._session, self._base = session, f"{VAULT}/projects/{project}/secrets"

    def latest(self, name: str) -> str | None:
        """Return the newest version's value; None while there is none."""
        found = ask(self._session, "GET", f"{self._base}/{name}/versions/latest:access")
        return base64.b64decode(found["payload"]["data"]).decode() if found else None

    def add(self, name: str, value: str) -> None:
        """Put a new version there. Refused: Terraform has not made the secret."""
        data = base64.b64encode(value.encode()).decode()
        if ask(self._session, "POST", f"{self._base}/{name}:addVersion", {"payload": {"data": data}}) is None:
            raise Refused(f"There is no secret {name}: Terraform makes it.")


class LinkKeys:
    """Keys in the name of the account by which links to stored files let in."""

    def __init__(self, session: Session, project: str, account: str) -> None:
        self._session, self._url = session, f"{STORAGE}/projects/{project}/hmacKeys?serviceAccountEmail={account}"

    def new(self) -> tuple[str, str]:
        """Make one, and return its id and its secret, which is told this once."""
        made = ask(self._session, "POST", self._url)
        if made is None:
            raise Refused("There is no account for links to stored files: Terraform makes it.")
        return made["metadata"]["accessId"], made["secret"]


class DatabaseServer:
    """A Cloud SQL instance, named as `project:region:instance`."""

    def __init__(self, session: Session, connection_name: str, *, pause: float = 2.0) -> None:
        project, _, instance = connection_name.split(":")
        self._session, self._pause = session, pause
        self._project = f"{SQL}/projects/{project}"
        self._instance = f"{self._project}/instances/{instance}"

    def authority(self) -> str:
        """Return the certificate, as PEM, that the server's own is verified with."""
        return str(self._known(ask(self._session, "GET", self._instance))["serverCaCert"]["cert"])

    def set_password(self, user: str, password: str) -> None:
        """Give a user a password, and return when it holds."""
        url = f"{self._instance}/users?name={user}"
        operation = self._known(ask(self._session, "PUT", url, {"name": user, "password": password}))
        deadline = time.monotonic() + PATIENCE
        while operation.get("status") != "DONE":
            if time.monotonic() > deadline:
                raise Refused(f"Setting the password of {user} has not ended after {PATIENCE:.0f} seconds.")
            time.sleep(self._pause)
            operation = self._known(ask(self._session, "GET", f"{self._project}/operations/{operation['name']}"))
        if operation.get("error"):
            raise Refused(f"The password of {user} could not be set: {operation['error']}")

    def _known(self, answer: Any) -> dict[str, Any]:
        if answer is None:
            raise Refused(f"There is nothing at {self._instance}: Terraform makes it.")
        known: dict[str, Any] = answer
        return known
