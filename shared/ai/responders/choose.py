"""The responder behind a name; each is imported only where it is used."""

from shared.ai.responders.base import Responder, ResponderError


def responder_for(kind: str) -> Responder:
    """The responder named "rules" or "gemini"; raises ResponderError for any other name."""
    if kind == "rules":
        from shared.ai.responders.rules import RulesResponder

        return RulesResponder()
    if kind == "gemini":
        from shared.ai.responders.gemini import GeminiResponder

        return GeminiResponder()
    raise ResponderError(f"there is no responder named {kind!r}", passing=False)
