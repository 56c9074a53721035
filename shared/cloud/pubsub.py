"""Publishing to Pub/Sub: several messages of one topic in one request, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.api_core.exceptions import from_grpc_error
from google.api_core.gapic_v1.routing_header import to_grpc_metadata
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.types import PublishRequest, PublishResponse, PubsubMessage
from grpc import RpcError

from shared.cloud.channel import plain_channel
from shared.cloud.failures import FAILURES, undelivered


@dataclass(frozen=True, kw_only=True)
class Message:
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str = ""


class Publisher:
    """`emulator` is the host:port of a stand-in; empty means Google, with the credentials of the environment."""

    def __init__(self, project: str, *, emulator: str = "") -> None:
        transport = PublisherGrpcTransport(channel=plain_channel(emulator)) if emulator else None
        self._client = PublisherClient(transport=transport)
        self._project = project
        # The client's own method takes nearly as much time again as the call itself.
        own: Any = self._client.transport
        self._send = own.grpc_channel.unary_unary(
            "/google.pubsub.v1.Publisher/Publish",
            request_serializer=PublishRequest.pb().SerializeToString,
            response_deserializer=PublishResponse.pb().FromString,
        )

    def publish(self, topic: str, messages: Sequence[Message], *, seconds: float) -> None:
        """Return when Pub/Sub has acknowledged them all; `Undelivered` when it has not."""
        request = PublishRequest.pb()(
            topic=f"projects/{self._project}/topics/{topic}",
            messages=[PubsubMessage.pb()(**vars(message)) for message in messages],
        )
        routing = to_grpc_metadata({"topic": request.topic})  # type: ignore[no-untyped-call] # as below
        try:
            self._send(request, timeout=seconds, metadata=(routing,))
        except RpcError as error:
            raise undelivered(from_grpc_error(error)) from error  # type: ignore[no-untyped-call] # as below
        except FAILURES as error:
            raise undelivered(error) from error

    def close(self) -> None:
        self._client.transport.close()  # type: ignore[no-untyped-call] # the library leaves it untyped
