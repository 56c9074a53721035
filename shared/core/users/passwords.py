"""Passwords: hashed slowly, and compared without telling by time whether there was anything to compare with."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def fits(password: str, password_hash: str | None) -> bool:
    """Whether it is the password; takes as long when there is no hash to compare with, and says no."""
    try:
        _hasher.verify(password_hash or _nobodys(), password)
    except VerifyMismatchError:
        return False
    return password_hash is not None


@cache
def _nobodys() -> str:
    return _hasher.hash("")
