"""The API under what its own document says may come: every operation, every check, and chains of operations.

What is asked is made from the document by schemathesis: its examples, the bounds of every parameter, values by
chance that fit the schema and that do not, and along the links of what was made.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from infra.local import routes
from shared.crm.contacts.model import Contact
from shared.kernel.errors import NotFound
from shared.runtime import answers, http, identity, query
from shared.runtime.query import Source
from tests.campaigns.examiner import Examination, examine
from tests.campaigns.stage import stage
from tests.support.api import Api
from tests.support.attempts import forget_attempts
from tests.support.estate import Estate, record_all, settle
from tests.support.gateway import gateway

BAR = (
    "nothing is answered that the document does not say, nobody is let in or shown what is gone, and every "
    "operation that can be asked in many ways is asked in as many as wanted"
)
LONG = Examination(examples=100, walks=200, bounds=True)
QUICK = Examination(examples=5, walks=12)
LIST = "/api/v1/crm/contacts"
CONTACT = "/api/v1/crm/contacts/{contact_id}"


def measure(examination: Examination, *planted: Callable[[Estate], Any]) -> dict[str, Any]:
    """Examine the API, with faults planted in it."""
    with ExitStack() as stack:
        world = stack.enter_context(stage("contract"))
        forget_attempts(world.admin)
        kept, doomed = (settle(world, Api(), world.new_tenant(name)) for name in ("Aurora", "Boreal"))
        record_all(world)
        for plant in planted:
            stack.enter_context(plant(kept))
        door = stack.enter_context(gateway())
        report = examine(door.client.application, kept, doomed, examination)
        known = Api().get("/api/v1/auth/profile", as_=kept.tenant.admin.key).status_code
    return {
        **report.figures(),
        "caller_known_at_the_end": known == 200,
        "bar": BAR,
        "passed": not report.found
        and not report.untouched
        and report.fewest() >= examination.examples
        and known == 200,
    }


def run(long: bool) -> dict[str, Any]:
    return measure(LONG if long else QUICK)


def seen(plant: Callable[[Estate], Any], check: str, *paths: str) -> Callable[[], dict[str, Any]]:
    """The short form of a few paths, with a fault planted that a certain check must see."""

    def planted() -> dict[str, Any]:
        figures = measure(replace(QUICK, bounds=True, walks=60, paths=paths), plant)
        return {**figures, "passed": not any(each.startswith(check) for each in figures["found"])}

    return planted


def with_times_unread(_: Estate) -> Any:
    """Postgres is left to find out that a time is none."""
    return patch.object(query, "moment", lambda value: value)


def with_another_status(_: Estate) -> Any:
    return patch.dict(answers.STATUS, {NotFound: 410})


def with_everybody_let_in(estate: Estate) -> Any:
    """Who brings no credential, or a wrong one, is taken for the admin."""
    claim_of = identity.claim_of
    return patch.object(http, "claim_of", lambda _, scope: claim_of(estate.tenant.admin.key.headers.get, scope))


def with_ids_as_numbers(_: Estate) -> Any:
    item = Source.item
    return patch.object(Source, "item", lambda self: item(self).replace("('id', ", "('id', 7, 'was', ", 1))


def with_nothing_deleted(_: Estate) -> Any:
    return patch.object(Contact, "delete", lambda *_: None)


def with_other_methods_unknown(_: Estate) -> Any:
    """An address answers a method that it does not have as if nothing were there."""
    public = routes.Routes.public

    def unknowing(self: routes.Routes, method: str, path: str) -> str:
        try:
            return public(self, method, path)
        except routes.WrongMethod as error:
            raise routes.NoSuchPath from error

    return patch.object(routes.Routes, "public", unknowing)


FAULTS = {
    "times_unread": seen(with_times_unread, "not_a_server_error", LIST),
    "another_status": seen(with_another_status, "status_code_conformance", CONTACT),
    "everybody_let_in": seen(with_everybody_let_in, "ignored_auth", CONTACT),
    "ids_as_numbers": seen(with_ids_as_numbers, "response_schema_conformance", LIST),
    "nothing_deleted": seen(with_nothing_deleted, "use_after_free", LIST, CONTACT),
    "other_methods_unknown": seen(with_other_methods_unknown, "unsupported_method", LIST),
}
