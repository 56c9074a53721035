import asyncio
import socket
import time

import pytest

from infra.local.http_client import Failed, HttpClient, Request, Unreachable


def send(*requests, seconds=10.0, **options):
    async def scenario():
        client = HttpClient(**options)
        try:
            return [await client.send(request, seconds=seconds) for request in requests]
        finally:
            client.close()

    return asyncio.run(scenario())


def exchange(answer):
    """What the client makes of raw bytes that a server answers before it hangs up."""

    async def scenario():
        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
            writer.close()

        client = HttpClient()
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            try:
                return await client.send(Request(url=url), seconds=10)
            finally:
                client.close()

    return asyncio.run(scenario())


def test_a_connection_is_kept_and_used_again(receiver):
    ports: set[object] = set()

    def answer(_):
        ports.update(connection.getpeername() for connection in receiver.connections)
        return 200

    receiver.answer = answer
    assert send(*[Request(url=receiver.url)] * 5) == [200] * 5
    assert len(ports) == 1


def test_a_connection_that_was_closed_while_idle_is_replaced(receiver):
    async def scenario():
        client = HttpClient()
        first = await client.send(Request(url=receiver.url), seconds=10)
        await asyncio.to_thread(receiver.close)
        receiver.open()
        second = await client.send(Request(url=receiver.url), seconds=10)
        client.close()
        return first, second

    assert asyncio.run(scenario()) == (204, 204)
    assert len(receiver.sent) == 2


def test_nobody_listening_is_told_apart_after_a_rest():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(Unreachable, match="nobody listens"):
            send(Request(url=url), rest=0.1)
    assert time.monotonic() - begun >= 0.1


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"nonsense\r\n\r\n"])
def test_a_broken_answer_is_a_failure(answer):
    with pytest.raises(Failed, match="broke"):
        exchange(answer)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 102 Processing\r\n\r\n", 102),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", 500),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 200),
        (b"HTTP/1.0 201 Created\r\n\r\nuntil the end", 201),
    ],
)
def test_every_shape_of_answer_is_read(answer, status):
    assert exchange(answer) == status


def test_an_answer_after_the_deadline_is_a_failure(receiver):
    def answer(_):
        time.sleep(0.3)
        return 200

    receiver.answer = answer
    with pytest.raises(Failed, match="no answer within"):
        send(Request(url=receiver.url), seconds=0.1)


def test_headers_of_a_sender_cannot_break_the_framing(receiver):
    headers = {"Content-Length": "999", "HOST": "elsewhere", "X-Mine": "1"}

    assert send(Request(url=receiver.url, headers=headers, body=b"four")) == [204]

    [sent] = receiver.sent
    assert sent.body == b"four"
    assert sent.headers["host"] == receiver.url.removeprefix("http://")
