"""What a person is known by, whichever provider told of it."""

from dataclasses import dataclass
from enum import StrEnum


class IdentityKind(StrEnum):
    PHONE = "phone"
    LID = "lid"
    EMAIL = "email"
    EXTERNAL = "external_id"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One way to know a person: a phone is E.164 ("+5511912345678"), a LID is bare digits."""

    kind: IdentityKind
    value: str
    issuer: str = ""
