"""A caller's transactions, for the few endpoints that must ask an outside service while somebody waits."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from shared.runtime.identity import Claim, Role
from shared.runtime.limits import Turnstile
from shared.runtime.work import UnitOfWork, unit_of_work_for


@dataclass(frozen=True)
class CallerTransactions:
    """Each proves the caller anew; while none is open, nothing is locked and no connection is held."""

    claim: Claim
    role: Role
    turnstile: Turnstile

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        with unit_of_work_for(self.claim, self.role) as uow:
            self.turnstile.admit(uow.caller)
            yield uow
