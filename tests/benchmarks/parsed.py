"""The inbound webhook up to where the database begins: the same HTTP, the same signature, the same reading."""

from werkzeug.datastructures import Headers

from shared.kernel.errors import Unauthenticated
from shared.providers.waha.envelope import read_delivery
from shared.providers.waha.signature import verify
from shared.runtime.webhook import webhook

HMAC_KEY = "a key that only WAHA and we know"  # as the channel of the measurements has it


@webhook("POST", "/api/v1/webhooks/inbound/waha/{channel_token}", provider="waha")
def parsed(body: bytes, headers: Headers, channel_token: str) -> None:
    """Read a delivery and keep nothing."""
    signature, algorithm = headers.get("X-Webhook-Hmac"), headers.get("X-Webhook-Hmac-Algorithm")
    if not verify(body, signature, HMAC_KEY, algorithm):
        raise Unauthenticated("the signature does not fit")
    read_delivery(body)
