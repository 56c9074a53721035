"""Locks on names: whoever may make a contact, a chat or a message first takes all the names it can be known by."""

from collections.abc import Iterable
from uuid import UUID

from shared.kernel.identities import Identity
from shared.runtime.postgres import Sql, sql

# Always in one order, or two who want the same names would wait for each other.
_LOCK = """
select pg_advisory_xact_lock(key) from (
    select distinct hashtextextended(name, 0) as key
    from jsonb_array_elements_text(cast(:names as jsonb)) as name order by 1
) as sorted
"""


def lock(names: Iterable[str]) -> Sql:
    """The statement that takes the locks, for the length of the transaction.

    What is read in the same statement would still be as it was before them.
    """
    return sql(_LOCK, names=list(names))


def person(project_id: UUID, identity: Identity) -> str:
    return f"person:{project_id}:{identity.kind}:{identity.issuer}:{identity.value}"


def message(channel_id: UUID, external_id: str) -> str:
    return f"message:{channel_id}:{external_id}"


def chat(channel_id: UUID, address: str) -> str:
    return f"chat:{channel_id}:{address}"


def creation(channel_id: UUID, subject: str) -> str:
    """A group that was asked for is known again by what it is called."""
    return f"creation:{channel_id}:{subject}"


def given(channel_id: UUID) -> str:
    """Old messages are given to a channel by one caller at a time: each holds a lock for every one of them."""
    return f"given:{channel_id}"
