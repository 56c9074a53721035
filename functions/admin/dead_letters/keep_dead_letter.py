"""What the bus has given up on."""

from shared.runtime.burial import burial
from shared.runtime.dead_letters import Letter


@burial
def keep_dead_letter(letter: Letter) -> None:
    """Keep an event that a consumer has not acknowledged often enough, until somebody asks for it again."""
    letter.keep("NotAcknowledged")
