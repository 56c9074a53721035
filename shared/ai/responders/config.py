"""Checking what a bot agent is configured with, before it is kept."""

from typing import Any

from pydantic import BaseModel, ValidationError

from shared.ai.responders.instructions import Instructions
from shared.ai.responders.rules import Rules
from shared.kernel.errors import Invalid
from shared.runtime.parsing import problems

_CONFIGS: dict[str, type[BaseModel]] = {"rules": Rules, "gemini": Instructions}


def validate_config(responder: str, config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as it is to be kept: what was given, checked and trimmed, without the defaults.

    Raises Invalid, its details naming each field as `config.<field>`.
    """
    kind = _CONFIGS.get(responder)
    if kind is None:
        raise Invalid(f"there is no responder {responder[:40]!r}; there are {' and '.join(_CONFIGS)}")
    try:
        return kind.model_validate(config).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        found = [{**each, "field": f"config.{each['field']}"} for each in problems(error)["fields"]]
        raise Invalid(f"this is no configuration of the {responder} responder", details={"fields": found}) from error
