from werkzeug.datastructures import Headers

from shared.crm.inbound.gate import find_gate
from shared.crm.inbound.receive import receive
from shared.kernel.errors import BadRequest, Unauthenticated
from shared.providers.waha.envelope import NotJson, read_delivery
from shared.providers.waha.signature import verify
from shared.runtime.webhook import webhook


@webhook("POST", "/api/v1/webhooks/inbound/waha/{channel_token}", provider="waha")
def receive_waha(body: bytes, headers: Headers, channel_token: str) -> None:
    """Keep what a WAHA server delivers, once, whatever it is.

    Signed with HMAC SHA-512 over the raw body; 200 means that it is safe.
    """
    signature, algorithm = headers.get("X-Webhook-Hmac"), headers.get("X-Webhook-Hmac-Algorithm")
    gate = find_gate(channel_token)
    if not verify(body, signature, gate.hmac_key, algorithm):
        # The key may have been changed since we last looked.
        gate = find_gate(channel_token, fresh=True)
        if not verify(body, signature, gate.hmac_key, algorithm):
            raise Unauthenticated("the signature does not fit this body and this channel's key")
    try:
        delivery = read_delivery(body)
    except NotJson as error:
        raise BadRequest(str(error), code="invalid_payload") from error
    receive(gate, body, delivery)
