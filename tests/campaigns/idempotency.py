"""Whether what is sent again under its key is done once, answered alike, and free again when its first try dies."""

import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from flask import Response
from werkzeug.test import TestResponse

from infra.environment import ROOT
from infra.local.process import clean_environment
from shared.runtime import idempotency
from shared.runtime.idempotency import Keyed
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import connections
from shared.runtime.settings import settings
from shared.runtime.work import UnitOfWork
from tests.campaigns.callers import Callers, callers
from tests.support.tenants import Person

AT_ONCE = 50
THREADS = 12
AGENTS = "/api/v1/crm/agents"
LONG, QUICK = (40, 12), (3, 1)  # keys, and tries that are killed
BAR = (
    "every key has 1 effect, every answer is the first one or a 409 that says to wait, another body is refused, "
    "another tenant's key is another, a failure and a killed try leave the key free at once"
)
# A process whose request never comes to its commit.
HANGING = """
import sys, time
from unittest.mock import patch
from shared.runtime.work import UnitOfWork
from tests.campaigns.idempotency import post, AGENTS
from tests.support.api import Api
from tests.support.tenants import ApiKey

def hang(*_):
    print("working", flush=True)
    time.sleep(60)

with patch.object(UnitOfWork, "commit", hang):
    post(Api(), ApiKey(sys.argv[1]), sys.argv[2], sys.argv[2])
"""


def post(api: Any, as_: Any, key: str, name: str) -> TestResponse:
    answer: TestResponse = api.post(AGENTS, {"name": name}, as_=as_, headers={"Idempotency-Key": key})
    return answer


def effects(here: Callers, name: str) -> int:
    return int(here.value("select count(*) from agents where name = :name", name=name) or 0)


def code(answer: TestResponse) -> str:
    return str(answer.json["error"]["code"]) if answer.json and "error" in answer.json else str(answer.status_code)


def many_at_once(here: Callers, odd: Counter[str]) -> None:
    """The same request, sent by many at the same moment."""
    key = str(uuid4())
    with ThreadPoolExecutor(THREADS) as threads:
        answers = list(threads.map(lambda _: post(here.api, here.ours.admin.key, key, key), range(AT_ONCE)))
    odd["effects beyond one"] += abs(effects(here, key) - 1)
    bodies = {answer.data for answer in answers if answer.status_code == 201}
    odd["answers unlike the first"] += len(bodies) != 1
    allowed = {"201", "idempotency_in_progress"}
    odd["odd answers"] += sum(code(answer) not in allowed for answer in answers)
    later = post(here.api, here.ours.admin.key, key, key)
    odd["not replayed later"] += later.data not in bodies or "Idempotency-Replayed" not in later.headers


def other_requests(here: Callers, odd: Counter[str]) -> None:
    """One key for other bodies, in other hands, and after a failure."""
    key, other, theirs = (str(uuid4()) for _ in range(3))
    ours: Person = here.ours.admin
    odd["failures kept"] += code(post(here.api, ours.key, key, "")) != "invalid"
    odd["failures kept"] += post(here.api, ours.key, key, key).status_code != 201
    odd["other bodies let through"] += code(post(here.api, ours.key, key, other)) != "idempotency_key_reused"
    odd["other tenants' keys taken"] += post(here.api, here.theirs.admin.key, key, theirs).status_code != 201
    odd["effects beyond one"] += abs(effects(here, key) - 1) + effects(here, other) + abs(effects(here, theirs) - 1)


def killed(here: Callers, odd: Counter[str]) -> float:
    """A process that dies in the middle of its work, and the same request right after; gives the seconds it took."""
    key = str(uuid4())
    command = (sys.executable, "-c", HANGING, here.ours.admin.key.key, key)
    with subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(**here.variables), stdout=subprocess.PIPE
    ) as process:
        odd["processes that never came to work"] += b"working\n" not in iter(process.stdout or ())
        process.kill()
    began = time.monotonic()
    odd["keys stuck after a kill"] += post(here.api, here.ours.admin.key, key, key).status_code != 201
    odd["effects beyond one"] += abs(effects(here, key) - 1)
    return time.monotonic() - began


def measure(keys: int, kills: int) -> dict[str, Any]:
    odd: Counter[str] = Counter()
    with callers("idempotency") as here:
        for _ in range(keys):
            many_at_once(here, odd)
            other_requests(here, odd)
        slowest = max((killed(here, odd) for _ in range(kills)), default=0.0)
    return {
        "keys": keys,
        "requests": keys * AT_ONCE,
        "kills": kills,
        "slowest_retry_seconds": round(slowest, 2),
        "odd": dict(odd),
        "bar": BAR,
        "passed": not odd.total() and slowest < 5,
    }


def run(long: bool) -> dict[str, Any]:
    return measure(*(LONG if long else QUICK))


def with_a_look_before_the_work() -> dict[str, Any]:
    """The key is looked up first and written last, as if nobody else could come in between."""

    def look(self: Keyed, uow: UnitOfWork) -> Response | None:
        found = uow.run(self._sql(idempotency.FIND))[0]
        return self._replay(found[0]) if found else None

    keep = Keyed.keep

    def take_and_keep(self: Keyed, uow: UnitOfWork, response: Response, *, secret: bool) -> None:
        uow.run(self._sql(idempotency.TAKE, request_sealed=self._sealed()))
        keep(self, uow, response, secret=secret)

    with patch.object(Keyed, "take", look), patch.object(Keyed, "keep", take_and_keep):
        return measure(1, 0)


def with_a_key_of_its_own_transaction() -> dict[str, Any]:
    """The key is committed before the work begins, so that only its end would free it."""

    def take(self: Keyed, uow: UnitOfWork) -> Response | None:
        taken, found = connections(settings().database_url).run(
            tenant_scope(uow.tenant_id),
            self._sql(idempotency.TAKE, request_sealed=self._sealed()),
            self._sql(idempotency.FIND),
        )[1:]
        return None if taken else self._replay(found[0])

    with patch.object(Keyed, "take", take):
        return measure(1, 1)


def with_any_body() -> dict[str, Any]:
    with patch.object(idempotency, "unseal", lambda *_, **__: AnyFingerprint()):
        return measure(1, 0)


class AnyFingerprint(str):
    """Equal to whatever it is compared with."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


FAULTS = {
    "look_before_the_work": with_a_look_before_the_work,
    "key_of_its_own_transaction": with_a_key_of_its_own_transaction,
    "any_body": with_any_body,
}
