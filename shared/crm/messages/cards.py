"""A person's card as phones exchange it."""

import re


def vcard(name: str, phone: str, organization: str | None = None) -> str:
    """A vCard 3.0 with one mobile number (E.164), under which WhatsApp knows the person."""
    firm = [f"ORG:{_escaped(organization)};"] if organization else []
    number = f"TEL;type=CELL;type=VOICE;waid={phone.removeprefix('+')}:{phone}"
    return "\n".join(["BEGIN:VCARD", "VERSION:3.0", f"FN:{_escaped(name)}", *firm, number, "END:VCARD"])


def _escaped(text: str) -> str:
    return re.sub(r"([\\,;])", r"\\\1", text)
