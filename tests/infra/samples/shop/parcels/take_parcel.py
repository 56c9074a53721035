from werkzeug.datastructures import Headers

from shared.runtime.telemetry import say
from shared.runtime.webhook import webhook


@webhook("POST", "/api/v1/sample/inbound/{token}", provider="waha")
def take_parcel(body: bytes, headers: Headers, token: str) -> None:
    """Take what the carrier brings."""
    say("taken", size=len(body), signed="X-Webhook-Hmac" in headers, token=len(token))
