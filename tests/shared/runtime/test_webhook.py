import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from shared.kernel.errors import BadRequest, NotFound, Unauthenticated
from shared.runtime.webhook import webhook
from tests.shared.runtime.declared import request
from tests.support.registries import own_registries

PATH = "/hooks/abc.def"


@pytest.fixture(autouse=True)
def _own_registries():
    with own_registries():
        yield


def declared(work):
    def receive_kite(body: bytes, headers, token: str) -> None:
        """Receive a kite."""
        work(body, headers, token)

    return webhook("POST", "/hooks/{token}", provider="waha")(receive_kite)


def fail(error):
    def work(*_):
        raise error

    return declared(work)


def test_the_handler_gets_the_bytes_as_they_came_and_the_headers():
    seen = []
    function = declared(lambda body, headers, token: seen.append((body, headers["x-webhook-hmac"], token)))
    raw = b'{"a":\x001, "a" :2}\xff'
    answer = request(function, "POST", PATH, data=raw, headers={"X-Webhook-Hmac": "f00"})
    assert (answer.status_code, answer.json) == (200, {"status": "received"})
    assert seen == [(raw, "f00", "abc.def")]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unauthenticated("no"), 401),
        (NotFound("no"), 404),
        (BadRequest("no"), 400),
        (InterfaceError("gone"), 503),
        (DatabaseError({"C": "55P03"}), 503),
        (DatabaseError({"C": "57014"}), 503),
        (ValueError("hunter2"), 500),
    ],
)
def test_what_is_not_safe_is_not_answered_with_200(error, status):
    answer = request(fail(error), "POST", PATH, data=b"{}")
    assert answer.status_code == status
    assert set(answer.json) == {"error"}
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert "hunter2" not in answer.text


def test_more_than_ten_megabytes_are_refused():
    answer = request(declared(lambda *_: None), "POST", PATH, data=b"x" * 10_500_000)
    assert answer.status_code == 413
