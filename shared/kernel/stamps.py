"""Stamps: when something happened, spelled so that spellings sort as the moments do."""

import hashlib
from datetime import datetime


def stamp(*moments: datetime | None, content: object) -> str:
    """Spell when something happened so that of two spellings the later is the greater; what is the same has the same.

    The first moment decides, then the second; at the same moments what they say decides, in any order the same way.
    """
    times = (f"{int(moment.timestamp() * 1000) if moment else 0:014}" for moment in moments)
    said = hashlib.sha256(repr(content).encode("utf-8", "backslashreplace")).hexdigest()[:12]
    return ".".join((*times, said))
