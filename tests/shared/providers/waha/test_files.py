"""Reading a file from WAHA, or from wherever it says: who gets the key, and what is followed."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from shared.providers.waha.files import Trouble, Unreadable, read_file


@contextmanager
def server(status=200, headers=None, body=b"content") -> Iterator[tuple[str, list[dict[str, str]]]]:
    """One that answers everything so, and remembers the headers it was sent."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"127.0.0.1:{made.server_port}", asked
    finally:
        made.shutdown()
        made.server_close()


def read(url, *, base_url, allow, most_bytes=1000, seconds=5.0):
    with read_file(
        url, base_url=base_url, api_key="the-key", most_bytes=most_bytes, allow=frozenset(allow), seconds=seconds
    ) as chunks:
        return b"".join(chunks)


def trouble(url, **options):
    with pytest.raises(Unreadable) as found:
        read(url, **options)
    return found.value.trouble


def test_the_channels_own_server_gets_the_key():
    with server() as (place, asked):
        found = read(f"http://{place}/api/files/x", base_url=f"http://{place}", allow={place})
    assert found == b"content"
    assert asked[0]["x-api-key"] == "the-key"


def test_another_port_of_the_same_host_is_another_server():
    with server() as (here, _), server() as (there, asked):
        assert read(f"http://{there}/x", base_url=f"http://{here}", allow={here, there}) == b"content"
    assert "x-api-key" not in asked[0]


@pytest.mark.parametrize(
    "url",
    [
        "http://the-key@{place}/x",
        "http://{place}@example.com/x",
        "http://{place}#@example.com/x",
        "http:/{place}/x",
        "http://{place}\\@example.com/x",
    ],
)
def test_a_url_that_two_readers_would_read_differently_is_called_by_none(url):
    with server() as (place, asked):
        told = trouble(url.format(place=place), base_url=f"http://{place}", allow={place})
    assert told is Trouble.FORBIDDEN_URL
    assert asked == []


def test_the_spelling_of_the_host_does_not_make_it_another():
    with server() as (place, asked):
        port = place.rpartition(":")[2]
        url = f"HTTP://LocalHost:{port}/x"
        read(url, base_url=f"http://localhost:{port}/", allow={f"localhost:{port}"})
    assert asked[0]["x-api-key"] == "the-key"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    with server() as (there, asked_there), server(status, {"Location": f"http://{there}/x"}) as (here, asked_here):
        found = trouble(f"http://{here}/x", base_url=f"http://{here}", allow={here, there})
    assert found is Trouble.REDIRECTED
    assert (len(asked_here), asked_there) == (1, [])


@pytest.mark.parametrize(
    ("status", "own", "foreign"),
    [
        (204, Trouble.REFUSED, Trouble.REFUSED),
        (206, Trouble.REFUSED, Trouble.REFUSED),
        (400, Trouble.REFUSED, Trouble.GONE),
        (401, Trouble.REFUSED, Trouble.GONE),
        (403, Trouble.REFUSED, Trouble.GONE),
        (404, Trouble.GONE, Trouble.GONE),
        (410, Trouble.GONE, Trouble.GONE),
        (429, Trouble.REFUSED, Trouble.REFUSED),
        (500, Trouble.SERVER_ERROR, Trouble.SERVER_ERROR),
        (503, Trouble.SERVER_ERROR, Trouble.SERVER_ERROR),
    ],
)
def test_what_an_answer_means_depends_on_whose_it_is(status, own, foreign):
    body = b"" if status == 204 else b"no"
    with server(status, body=body) as (place, _):
        assert trouble(f"http://{place}/x", base_url=f"http://{place}", allow={place}) is own
        assert trouble(f"http://{place}/x", base_url="https://waha.example.com", allow={place}) is foreign


def test_a_length_that_is_too_much_is_believed_without_reading():
    with server(headers={"Content-Length": "1001"}) as (place, _):
        assert trouble(f"http://{place}/x", base_url=f"http://{place}", allow={place}) is Trouble.TOO_LARGE


def test_a_body_that_is_longer_than_allowed_is_read_no_further():
    with server(body=b"x" * 500_000, headers={"Content-Length": "500000"}) as (place, _):
        assert (
            trouble(f"http://{place}/x", base_url=f"http://{place}", allow={place}, most_bytes=400_000)
            is Trouble.TOO_LARGE
        )


def test_a_body_that_ends_before_its_length_is_truncated():
    with server(headers={"Content-Length": "900"}) as (place, _):
        assert trouble(f"http://{place}/x", base_url=f"http://{place}", allow={place}) is Trouble.TRUNCATED


def test_nobody_there():
    assert trouble("http://127.0.0.1:9/x", base_url="http://127.0.0.1:9", allow={"127.0.0.1:9"}) is Trouble.UNREACHABLE
