"""Reading the configuration a responder is given."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shared.ai.responders.base import ResponderError

Config = TypeVar("Config", bound=BaseModel)


def configured(kind: type[Config], config: dict[str, Any]) -> Config:
    """The agent's configuration as its model; raises ResponderError when what was kept no longer fits."""
    try:
        return kind.model_validate(config)
    except ValidationError as error:
        raise ResponderError("the agent's configuration is not valid any more; save it again", passing=False) from error
