"""The plain gRPC channel to a stand-in for Google's services, as their emulators are reached."""

import grpc

# A stand-in comes back in a moment; gRPC's own patience grows to two minutes.
_OPTIONS = [("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 1000)]


def plain_channel(address: str) -> grpc.Channel:
    """Connect to `host:port` without TLS and without credentials."""
    return grpc.insecure_channel(address, options=_OPTIONS)
