"""Value objects every context shares: Name, PhoneNumber, Email, Url, Timezone."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from shared.kernel.errors import Invalid
from shared.kernel.text import Text

BRAZIL = 55
LONGEST_NAME = 200


class Name(Text):
    """What people call a thing: one line of 1 to 200 characters, without space around it."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {"minLength": 1, "maxLength": LONGEST_NAME, "examples": ["Padaria Aurora"]}

    @classmethod
    def check(cls, raw: str) -> str:
        name = raw.strip()
        if not 1 <= len(name) <= LONGEST_NAME or re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", name):
            raise Invalid(f"a name is one line of 1 to {LONGEST_NAME} characters")
        return name


class PhoneNumber(Text):
    """An E.164 number ("+5511912345678"), the key WhatsApp knows a person by."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {"format": "phone", "examples": ["+5511912345678"]}

    @classmethod
    def check(cls, raw: str) -> str:
        return _e164(raw)

    @classmethod
    def from_digits(cls, digits: str) -> "PhoneNumber | None":
        """Read a provider's bare digits ("5511912345678"); None when they are no phone number."""
        try:
            return cls(f"+{digits}")
        except Invalid:
            return None

    def variants(self) -> tuple["PhoneNumber", ...]:
        """The other spellings of the same Brazilian mobile: with and without the ninth digit."""
        if not self.startswith(f"+{BRAZIL}"):
            return ()
        national = self.removeprefix(f"+{BRAZIL}")
        area, local = national[:2], national[2:]
        # Eight digits that begin with 2 to 5 are a landline: another person.
        if re.fullmatch(r"9[016-9]\d{7}", local):
            return (PhoneNumber(f"+{BRAZIL}{area}{local[1:]}"),)
        if re.fullmatch(r"[016-9]\d{7}", local):
            return (PhoneNumber(f"+{BRAZIL}{area}9{local}"),)
        return ()


@lru_cache(maxsize=4096)
def _e164(raw: str) -> str:
    """The number in its one spelling; whoever writes once writes again, so it is remembered."""
    import phonenumbers

    try:
        number = phonenumbers.parse(raw, None)
    except phonenumbers.NumberParseException as error:
        raise Invalid("write the phone number with its country code, as in +5511912345678") from error
    if not phonenumbers.is_possible_number(number):
        raise Invalid("this phone number has too few or too many digits for its country")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class Email(Text):
    """An address one can write to, lower-cased so that one person has one spelling."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {"format": "email", "examples": ["ana@example.com"]}

    @classmethod
    def check(cls, raw: str) -> str:
        from email_validator import EmailNotValidError, validate_email

        try:
            return validate_email(raw, check_deliverability=False).normalized.lower()
        except EmailNotValidError as error:
            raise Invalid("this is not an e-mail address") from error


class Url(Text):
    """An absolute http or https URL; whether it may be called is for the guard to say."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {"format": "uri", "examples": ["https://waha.example.com"]}

    @classmethod
    def check(cls, raw: str) -> str:
        try:
            parts = urlsplit(raw)
            host = parts.hostname
        except ValueError as error:
            raise Invalid("this is not a URL") from error
        if parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\x00-\x1f\\]", raw):
            raise Invalid("write a full URL, as in https://waha.example.com")
        return raw


class Timezone(Text):
    """An IANA time zone name, which defines what a day and a month are."""

    __slots__ = ()

    described: ClassVar[Mapping[str, Any]] = {"examples": ["America/Sao_Paulo"]}

    @classmethod
    def check(cls, raw: str) -> str:
        if raw not in available_timezones():
            raise Invalid("write a time zone by its IANA name, as in America/Sao_Paulo")
        return raw

    @property
    def info(self) -> ZoneInfo:
        return ZoneInfo(self)
