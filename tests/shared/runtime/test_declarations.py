from uuid import UUID

import pytest

from shared.crm.contacts.events import ContactCreated, ContactUpdated
from shared.crm.messages.tasks import ResumeMessage
from shared.runtime.consume import consumer
from shared.runtime.declarations import Kind, Limit, Routed, declaration_of
from shared.runtime.http import PUBLIC, Role, endpoint
from shared.runtime.schedule import schedule
from shared.runtime.service import service
from shared.runtime.task import task
from shared.runtime.uses import Use
from shared.runtime.webhook import webhook
from shared.runtime.work import UnitOfWork
from tests.support.registries import own_registries


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def declare(method="GET", path="/kites", name="list_kites", **options):
    def handler() -> None:
        """List the kites."""

    handler.__name__ = name
    return endpoint(method, path, **{"allow": PUBLIC, **options})(handler)


def test_an_endpoint_leaves_its_spec_on_the_function():
    @endpoint("PATCH", "/kites/{kite_id}", allow=Role.AGENT)
    def update_kite(uow: UnitOfWork, kite_id: UUID) -> None:
        """Change a kite.

        And more about it.
        """

    spec = declaration_of(update_kite)
    assert (spec.kind, spec.name, spec.module, spec.summary) == (
        Kind.ENDPOINT,
        "update_kite",
        __name__,
        "Change a kite.",
    )
    assert spec.trigger() == {"method": "PATCH", "path": "/kites/{kite_id}", "allow": "agent", "limit": "crm_write"}
    assert spec.types["kite_id"] is UUID
    assert update_kite.__name__ == "update_kite"


def test_every_kind_says_how_it_is_called():
    @consumer(ContactUpdated, ContactCreated, ordered=True)
    def count_contacts(uow, event) -> None:
        """Count the contacts."""

    @task(ResumeMessage)
    def resume_message(uow, task) -> None:
        """Resume a message."""

    @schedule("*/5 * * * *")
    def sweep_kites(tenants) -> None:
        """Sweep the kites."""

    @service()
    def fly_kites(stop) -> None:
        """Fly the kites."""

    @webhook("POST", "/hooks/{token}", provider="waha")
    def receive_kite(body: bytes, headers, token: str) -> None:
        """Receive a kite."""

    functions = (count_contacts, resume_message, sweep_kites, fly_kites, receive_kite)
    kinds = [declaration_of(function).kind for function in functions]
    assert kinds == [Kind.CONSUMER, Kind.TASK, Kind.SCHEDULE, Kind.SERVICE, Kind.WEBHOOK]
    assert [declaration_of(function).trigger() for function in functions] == [
        {
            "events": ["contact.created", "contact.updated"],
            "topics": ["contact"],
            "ordered": True,
            "ack_deadline": 60,
            "max_attempts": 10,
        },
        {"task": "resume_message", "queue": "sweeps", "max_attempts": 20},
        {"cron": "*/5 * * * *"},
        {"always_on": True},
        {"method": "POST", "path": "/hooks/{token}", "allow": "signed", "limit": "ingress", "provider": "waha"},
    ]


def test_what_a_function_needs_is_what_its_kind_brings_along_and_what_it_says():
    def sweep_kites(tenants) -> None:
        """Sweep the kites."""

    spec = declaration_of(schedule("* * * * *", uses=(Use.PUBSUB,), memory=256, warm=True)(sweep_kites))
    assert spec.needs == [Use.PUBSUB, Use.RELAY]
    assert spec.secrets == ["database_ca", "relay_database_url"]
    assert (spec.concurrency, spec.memory, spec.timeout, spec.warm) == (1, 256, 60, True)


@pytest.mark.parametrize(
    ("options", "needs"),
    [
        ({"limit": Limit.HEALTH}, []),
        ({"limit": Limit.AUTH, "uses": (Use.SIGNING,)}, [Use.COUNTERS, Use.SIGNING]),
        ({"allow": Role.VIEWER}, [Use.COUNTERS, Use.DATABASE, Use.RESOLVER, Use.TOKENS]),
    ],
)
def test_an_endpoint_needs_what_its_callers_make_necessary(options, needs):
    assert declaration_of(declare(**options)).needs == needs


def test_an_endpoint_that_takes_an_idempotency_key_seals_what_it_keeps():
    def make_kite(uow: UnitOfWork) -> None:
        """Make a kite."""

    spec = declaration_of(endpoint("POST", "/kites", allow=Role.AGENT)(make_kite))
    assert Use.ENCRYPTION in spec.needs


def test_a_consumer_is_given_up_when_pubsub_gives_it_up():
    def count_contacts(uow, event) -> None:
        """Count the contacts."""

    assert declaration_of(consumer(ContactCreated, ack_deadline=120)(count_contacts)).timeout == 120


def test_who_may_call_has_no_default():
    with pytest.raises(TypeError, match="allow"):
        endpoint("GET", "/kites")  # type: ignore[call-arg] # that is the point


@pytest.mark.parametrize("path", ["/kites/{kite_id}", "/kites/{id}/{kite_id}"])
def test_a_path_whose_parameter_the_handler_does_not_take_is_an_error(path):
    with pytest.raises(TypeError, match="but its path"):
        declare(path=path)


def test_a_handler_that_takes_what_its_path_does_not_give_is_an_error():
    def get_kite(kite_id: UUID) -> None:
        """Show a kite."""

    with pytest.raises(TypeError, match="kite_id"):
        endpoint("GET", "/kites/{id}", allow=PUBLIC)(get_kite)


@pytest.mark.parametrize("path", ["/kites", "/kites/"])
def test_a_route_is_declared_once(path):
    declare()
    if path == "/kites":
        with pytest.raises(TypeError, match="route GET /kites is declared by"):
            declare(path=path, name="show_kites")
    else:
        assert declaration_of(declare(path=path, name="show_kites")).name == "show_kites"


def test_a_route_is_the_same_whatever_its_parameters_are_called():
    def get_kite(kite_id: UUID) -> None:
        """Show a kite."""

    def show_kite(id: UUID) -> None:
        """Show a kite."""

    endpoint("GET", "/kites/{kite_id}", allow=PUBLIC)(get_kite)
    with pytest.raises(TypeError, match=r"route GET /kites/\{\}"):
        endpoint("GET", "/kites/{id}", allow=PUBLIC)(show_kite)
    assert declaration_of(endpoint("DELETE", "/kites/{id}", allow=PUBLIC)(show_kite)).name == "show_kite"


def test_a_name_is_given_to_one_function():
    declare()
    declare(path="/kites", name="list_kites")

    def handler(tenants) -> None:
        """Sweep the kites."""

    handler.__name__, handler.__module__ = "list_kites", "functions.schedules.list_kites"
    with pytest.raises(TypeError, match="function list_kites is declared by"):
        schedule("* * * * *")(handler)


def test_a_function_without_a_docstring_is_an_error():
    def list_kites() -> None:
        pass

    for decorate in (
        endpoint("GET", "/kites", allow=PUBLIC),
        schedule("* * * * *"),
        consumer(ContactCreated),
        service(),
    ):
        with pytest.raises(TypeError, match="list_kites needs a one-line docstring"):
            decorate(list_kites)  # type: ignore[arg-type] # what it takes does not matter here


def test_an_endpoint_must_say_what_it_returns():
    def list_kites():
        """List the kites."""

    with pytest.raises(TypeError, match="must say what it returns"):
        endpoint("GET", "/kites", allow=PUBLIC)(list_kites)


@pytest.mark.parametrize("method", ["get", "HEAD", "OPTIONS", "FETCH"])
def test_a_method_is_one_of_the_apis(method):
    with pytest.raises(TypeError, match="is not a method"):
        declare(method)


def test_a_task_function_has_the_tasks_name():
    def resume_kite(uow, task) -> None:
        """Resume a kite."""

    with pytest.raises(TypeError, match="give both one name"):
        task(ResumeMessage)(resume_kite)


@pytest.mark.parametrize(("method", "limit"), [("GET", Limit.CRM_READ), ("POST", Limit.CRM_WRITE)])
def test_reads_and_writes_are_counted_apart(method, limit):
    assert declaration_of(declare(method)).trigger()["limit"] == limit.value


def test_a_path_matches_itself_only():
    spec = declaration_of(declare(path="/kites.json"))
    assert isinstance(spec, Routed)
    assert spec.pattern.fullmatch("/kites.json")
    assert not spec.pattern.fullmatch("/kites.json/more")
