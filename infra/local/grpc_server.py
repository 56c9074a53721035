"""A gRPC server of plain functions, which answers only what the journal has saved."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import grpc
import grpc.aio
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped] # protobuf ships no types

from infra.local.journal import Journal

__all__ = ["Empty", "Method", "Proto", "Refused", "already_exists", "invalid", "not_found", "page", "plain", "serve"]

Proto = Any  # a plain protobuf message: the generated classes carry no static types

_LARGEST_MESSAGE = 20 * 1024 * 1024


class Refused(Exception):
    """A request that the real service would answer with this status."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class Method(NamedTuple):
    """One call of a service: what it takes, what it answers, and the function (async or not) between them."""

    request: Any
    answer: Any
    handle: Callable[[Proto], Any]


def not_found(name: str) -> Refused:
    return Refused(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={name}).")


def already_exists(name: str) -> Refused:
    return Refused(grpc.StatusCode.ALREADY_EXISTS, f"Resource already exists in the project (resource={name}).")


def invalid(message: str) -> Refused:
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def plain(kind: Any) -> Any:
    """Return the protobuf class inside a proto-plus class; its messages are several times faster."""
    return kind.pb() if hasattr(kind, "pb") else kind


def page(items: Iterable[Proto], request: Proto) -> tuple[list[Proto], str]:
    """Cut one page of a listing; with it, the token of the next, which is how many items came before."""
    everything = list(items)
    start = int(request.page_token or 0)
    end = start + (request.page_size or 1000)
    return everything[start:end], str(end) if end < len(everything) else ""


async def serve(
    services: Mapping[str, Mapping[str, Method]], journal: Journal, port: int
) -> tuple[grpc.aio.Server, int]:
    """Start on the loopback interface, port 0 takes a free one; return the server and its port."""
    server = grpc.aio.server(
        options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.so_reuseport", 0)],
    )
    server.add_generic_rpc_handlers(
        [
            grpc.method_handlers_generic_handler(
                service, {name: _handler(method, journal) for name, method in methods.items()}
            )
            for service, methods in services.items()
        ]
    )
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    return server, bound


def _handler(method: Method, journal: Journal) -> grpc.RpcMethodHandler:
    async def answer(request: Proto, context: grpc.aio.ServicerContext) -> Proto:
        try:
            result = method.handle(request)
            if inspect.isawaitable(result):
                result = await result
        except Refused as refusal:
            await context.abort(refusal.code, str(refusal))
        await journal.saved()
        return result

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=plain(method.request).FromString,
        response_serializer=plain(method.answer).SerializeToString,
    )
