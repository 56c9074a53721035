"""An example for every schema: the one its author gave, else one made to fit."""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from infra.documents.schemas import Json, Models, without_null

DEEPEST = 6  # beyond this, what need not be there is left out
BY_FORMAT = {
    "date-time": "2026-03-10T14:05:00+00:00",
    "date": "2026-03-10",
    "time": "14:05:00",
    "duration": "PT15M",
    "email": "ana@example.com",
    "uri": "https://example.com",
    "phone": "+5511912345678",
    "binary": "",
}
BY_NAME: dict[str, Any] = {
    "access_token": "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl",
    "address": "5511912345678@c.us",
    "base_url": "https://waha.example.com",
    "city": "São Paulo",
    "connection": "WORKING",
    "debounce_max_wait_ms": 60000,
    "debounce_timeout_ms": 15000,
    "email": "ana@example.com",
    "expires_in": 3600,
    "external_id": "3EB0C767D26B8B4A9C7E",
    "hint": "x7Qk",
    "key": "vk_01957f3e8a107000900000c0ffee0001_...",
    "name": "Ana Souza",
    "phone": "+5511912345678",
    "project_name": "Vendas",
    "role": "agent",
    "session_name": "default",
    "session_timeout_minutes": 1440,
    "status": "active",
    "subject": "Pedidos",
    "tenant_name": "Padaria Aurora",
    "text": "Bom dia! O pedido saiu para entrega.",
    "timezone": "America/Sao_Paulo",
    "url": "https://example.com",
    "webhook_url": "https://api.example.com/api/v1/webhooks/inbound/waha/...",
}


class Examples:
    """Makes values that fit schemas; the same schema always gets the same one.

    `brief` leaves out what a caller need not send, unless its author gave an example of it.
    """

    def __init__(self, models: Models, *, brief: bool = False) -> None:
        self._models = models
        self._brief = brief

    def of(self, schema: Json, name: str = "", depth: int = 0) -> Any:
        """A value of the schema; `name` is the field it stands in."""
        schema = self._models.resolved(without_null(self._models.resolved(schema)))
        given = _given(schema)
        if given is not ...:
            return given
        if choices := schema.get("oneOf") or schema.get("anyOf"):
            return self.of(choices[0], name, depth)
        make = self._makers().get(str(schema.get("type", "object" if "properties" in schema else "")))
        return make(schema, name, depth) if make else {}

    def _makers(self) -> dict[str, Callable[[Json, str, int], Any]]:
        return {
            "object": self._object,
            "array": self._array,
            "string": lambda schema, name, _depth: _string(schema, name),
            "integer": lambda schema, name, _depth: _number(schema, name),
            "number": lambda schema, name, _depth: _number(schema, name),
            "boolean": lambda _schema, _name, _depth: False,
            "null": lambda _schema, _name, _depth: None,
        }

    def _object(self, schema: Json, _name: str, depth: int) -> Any:
        fields = schema.get("properties", {})
        required = {name: inner for name, inner in fields.items() if name in schema.get("required", ())}
        offered = {name: inner for name, inner in fields.items() if name in required or "examples" in inner}
        shown = (self._brief and offered) or fields if depth < DEEPEST else required
        return {name: self.of(inner, name, depth + 1) for name, inner in shown.items()}

    def _array(self, schema: Json, name: str, depth: int) -> Any:
        fewest = max(schema.get("minItems", 0), 1 if depth < DEEPEST else 0)
        single = re.sub(r"(?<=ss)es$|s$", "", name)
        return [self.of(item, single, depth + 1) for item in schema.get("prefixItems") or [schema["items"]] * fewest]


def _given(schema: Json) -> Any:
    """What the schema itself offers, or `...`."""
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    return schema.get("const", schema.get("default", ...))


def _string(schema: Json, name: str) -> str:
    form = schema.get("format", "")
    if form == "uuid":
        return uuid_like(name)
    known = str(BY_FORMAT.get(form) or BY_NAME.get(name) or name.replace("_", " ") or "text")
    return known.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]


def _number(schema: Json, name: str) -> int:
    usual = BY_NAME.get(name, 1)
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    return int(max(least, min(usual, schema.get("maximum", usual))))


def uuid_like(name: str) -> str:
    """An id of the usual kind (UUIDv7), another for every name."""
    tail = hashlib.sha256(name.encode()).hexdigest()
    return f"01957f3e-8a10-7{tail[:3]}-9{tail[3:6]}-{tail[6:18]}"
