"""Delivering webhooks the way WAHA does: signed, retried after any error, never remembered across a restart."""

import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx

from shared.providers.waha.signature import sign

DELAY_SECONDS = 2.0
SUCCESS = range(200, 300)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """Where a session's events go; `scale` shortens the pauses between attempts."""

    url: str
    hmac_key: str | None = None
    events: tuple[str, ...] = ("*",)
    attempts: int = 15
    scale: float = 1.0

    def wants(self, event: str) -> bool:
        return "*" in self.events or event in self.events


@dataclass(kw_only=True)
class WebhookDelivery:
    """One event on its way: the answers so far, 0 for none, and whether it has arrived or been given up."""

    event: str
    event_id: str
    session: str
    request_id: str
    answers: list[int] = field(default_factory=list)
    finished: bool = False

    @property
    def arrived(self) -> bool:
        return bool(self.answers) and self.answers[-1] in SUCCESS


@cache
def _tls() -> ssl.SSLContext:
    """Which takes longer to make than all else of a fake."""
    return httpx.create_ssl_context(trust_env=False)


class WebhookSender:
    """Sends from threads of its own; nothing is ordered."""

    def __init__(self, workers: int = 16) -> None:
        self.deliveries: list[WebhookDelivery] = []
        self._stop = threading.Event()
        self._http = httpx.Client(trust_env=False, timeout=60, verify=_tls())
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="waha-webhook")

    def close(self) -> None:
        self._stop.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._http.close()

    def send(self, webhook: Webhook, event: dict[str, Any] | bytes, *, session: str) -> "Future[WebhookDelivery]":
        """Send an event, or a body as it is; the future ends with the last attempt."""
        told = event if isinstance(event, dict) else {}
        delivery = WebhookDelivery(
            event=str(told.get("event", "")),
            event_id=str(told.get("id", "")),
            session=session,
            request_id=secrets.token_hex(7),
        )
        self.deliveries.append(delivery)
        body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
        headers = _headers(webhook, body, delivery.request_id, told.get("timestamp"))
        return self._threads.submit(self._deliver, webhook, body, headers, delivery)

    def wait(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Wait until every delivery is finished, or until a condition of the caller's holds."""
        deadline = time.monotonic() + seconds
        done = until or (lambda: all(each.finished for each in self.deliveries))
        while not done():
            if time.monotonic() > deadline:
                return False
            self._stop.wait(0.01)
        return True

    def _deliver(
        self, webhook: Webhook, body: bytes, headers: dict[str, str], delivery: WebhookDelivery
    ) -> WebhookDelivery:
        for _ in range(webhook.attempts):
            delivery.answers.append(self._attempt(webhook.url, body, headers))
            if delivery.arrived or self._stop.wait(DELAY_SECONDS * webhook.scale):
                break
        delivery.finished = True
        return delivery

    def _attempt(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        try:
            return self._http.post(url, content=body, headers=headers).status_code
        except httpx.HTTPError:
            return 0


def _headers(webhook: Webhook, body: bytes, request_id: str, timestamp: object) -> dict[str, str]:
    """Name the time of the event, not of the attempt; the request id stays the same over all attempts."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "WAHA/2026.7.1",
        "X-Webhook-Request-Id": request_id,
        "X-Webhook-Timestamp": str(timestamp or int(time.time() * 1000)),
    }
    if webhook.hmac_key:
        headers |= {"X-Webhook-Hmac": sign(body, webhook.hmac_key), "X-Webhook-Hmac-Algorithm": "sha512"}
    return headers
