"""Push delivery as Pub/Sub does it: the wrapped JSON body, the service token, and which answers acknowledge."""

import base64
import json
from typing import Any

from infra.local.grpc_server import Proto
from infra.local.http_client import Failed, HttpClient, Request
from infra.local.tokens import TokenIssuer

_ACKNOWLEDGES = frozenset({102, 200, 201, 202, 204})


class Pusher:
    """Posts messages to the endpoints of subscriptions; `scale` multiplies every ack deadline."""

    def __init__(self, client: HttpClient, tokens: TokenIssuer, scale: float) -> None:
        self._client, self._tokens, self._scale = client, tokens, scale

    async def push(self, subscription: Proto, received: Proto) -> None:
        """Return if the endpoint acknowledged before the ack deadline; Failed says why it has not."""
        request = Request(
            url=subscription.push_config.push_endpoint,
            headers=self._headers(subscription.push_config),
            body=json.dumps(_body(subscription, received)).encode(),
        )
        status = await self._client.send(request, seconds=subscription.ack_deadline_seconds * self._scale)
        if status not in _ACKNOWLEDGES:
            raise Failed(f"the endpoint answered {status}")

    def _headers(self, push: Proto) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "CloudPubSub-Google"}
        if push.HasField("oidc_token"):
            audience = push.oidc_token.audience or push.push_endpoint
            token = self._tokens.mint(audience, push.oidc_token.service_account_email)
            headers["Authorization"] = f"Bearer {token}"
        return headers


def _body(subscription: Proto, received: Proto) -> dict[str, Any]:
    body = {"message": _message(received.message), "subscription": subscription.name}
    if subscription.HasField("dead_letter_policy"):
        body["deliveryAttempt"] = received.delivery_attempt
    return body


def _message(message: Proto) -> dict[str, Any]:
    """As Google writes it: two names for two of the fields, and nothing for what is empty."""
    time = message.publish_time.ToJsonString()
    fields = {
        "data": base64.b64encode(message.data).decode(),
        "attributes": dict(message.attributes),
        "messageId": message.message_id,
        "message_id": message.message_id,
        "publishTime": time,
        "publish_time": time,
        "orderingKey": message.ordering_key,
    }
    return {name: value for name, value in fields.items() if value}
