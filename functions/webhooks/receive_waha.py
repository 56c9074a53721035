from contextlib import suppress

from werkzeug.datastructures import Headers

from shared.crm.inbound.gate import Outdated, find_gate
from shared.crm.inbound.receive import receive
from shared.kernel.errors import BadRequest, Unauthenticated
from shared.kernel.inbound import Delivery
from shared.providers.waha.envelope import NotJson, read_delivery
from shared.providers.waha.signature import verify
from shared.runtime.uses import Use
from shared.runtime.webhook import webhook


@webhook("POST", "/api/v1/webhooks/inbound/waha/{channel_token}", provider="waha", warm=True, uses=(Use.ENCRYPTION,))
def receive_waha(body: bytes, headers: Headers, channel_token: str) -> None:
    """Keep what a WAHA server delivers, once, whatever it is.

    Signed with HMAC SHA-512 over the raw body; 200 means that it is safe.
    """
    signature, algorithm = headers.get("X-Webhook-Hmac"), headers.get("X-Webhook-Hmac-Algorithm")
    # The key and the address may have been changed since we last looked.
    for fresh in (False, True):
        gate = find_gate(channel_token, fresh=fresh)
        with suppress(Outdated):
            if verify(body, signature, gate.hmac_key, algorithm):
                receive(gate, body, _read(body))
                return
    raise Unauthenticated("the signature does not fit this body and this channel's key")


def _read(body: bytes) -> Delivery:
    try:
        return read_delivery(body)
    except NotJson as error:
        raise BadRequest(str(error), code="invalid_payload") from error
