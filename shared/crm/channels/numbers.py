"""Where WhatsApp finds a number: asked of a channel's provider, and believed for a while."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from uuid import UUID

from shared.crm import locks
from shared.crm.channels.model import Channel
from shared.kernel.values import PhoneNumber
from shared.providers.waha.client import NotNow, Refused, Waha
from shared.runtime.postgres import Sql, sql
from shared.runtime.work import UnitOfWork

LEASE = timedelta(seconds=15)  # whoever asks has an answer by then, or is gone
MOST_A_MINUTE = 100  # that people may have a channel asked for; what is about to be sent keeps the number's pace
_KNOWN = """
select json_build_object('address', address, 'finding', finding, 'found_at', found_at) from number_checks
where tenant_id = :tenant_id and channel_id = :channel_id and finding is not null and expires_at > :now
  and address = any(array(select jsonb_array_elements_text(cast(:addresses as jsonb))))
"""
# In one order, so that two who ask for several never wait for each other.
_CLAIM = """
insert into number_checks as known (tenant_id, project_id, channel_id, address, asked_at)
select :tenant_id, :project_id, :channel_id, address, :now
from jsonb_array_elements_text(cast(:addresses as jsonb)) as address order by address
on conflict (tenant_id, channel_id, address) do update
set asked_at = excluded.asked_at, finding = null, found_at = null, expires_at = excluded.expires_at
where known.expires_at <= :now or (known.finding is null and known.asked_at <= :lost)
returning address
"""
_RECORD = """
insert into number_checks as known (
    tenant_id, project_id, channel_id, address, asked_at, finding, found_at, expires_at)
values (:tenant_id, :project_id, :channel_id, :address, :now, :finding, :found_at, :expires_at)
on conflict (tenant_id, channel_id, address) do update
set finding = excluded.finding, found_at = excluded.found_at, expires_at = excluded.expires_at
"""
_UNCLAIM = """
delete from number_checks where tenant_id = :tenant_id and channel_id = :channel_id and finding is null
  and address = any(array(select jsonb_array_elements_text(cast(:addresses as jsonb))))
"""
_ASKED = """
select count(*) from number_checks
where tenant_id = :tenant_id and channel_id = :channel_id and asked_at > :since
"""


class Finding(StrEnum):
    """`refused`: the provider does not say, of this number or of any."""

    FOUND = "found"
    MISSING = "missing"
    REFUSED = "refused"


# Whoever has no WhatsApp may get it any day; whose number moves is told of by what they write.
BELIEVED = {
    Finding.FOUND: timedelta(days=7),
    Finding.MISSING: timedelta(hours=1),
    Finding.REFUSED: timedelta(hours=1),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the provider said of a number; `found_at` is the address to write to, if there is one."""

    finding: Finding
    found_at: str | None = None


def dialled(phone: PhoneNumber) -> str:
    """The address that a number has if WhatsApp spells it as one dials it."""
    return f"{phone.removeprefix('+')}@c.us"


def known(uow: UnitOfWork, channel_id: UUID, addresses: Sequence[str]) -> dict[str, Answer]:
    """What is believed of these numbers, by the addresses as dialled."""
    names = {"tenant_id": uow.tenant_id, "channel_id": channel_id, "now": uow.now}
    rows = [json.loads(row[0] or "") for row in uow.run(sql(_KNOWN, **names, addresses=list(addresses)))[0]]
    return {row["address"]: Answer(finding=Finding(row["finding"]), found_at=row["found_at"]) for row in rows}


def claim(uow: UnitOfWork, channel: Channel, addresses: Sequence[str]) -> list[str]:
    """Those of the numbers that are the caller's to ask for: nobody else is at it, and nothing is believed of them."""
    names = {**_names(channel), "now": uow.now, "lost": uow.now - LEASE}
    return [row[0] or "" for row in uow.run(sql(_CLAIM, **names, addresses=list(addresses)))[0]]


def room(uow: UnitOfWork, channel: Channel) -> int:
    """How many numbers the channel may still be asked for in this minute; nobody else counts before we commit."""
    names = {"tenant_id": uow.tenant_id, "channel_id": channel.id, "since": uow.now - timedelta(minutes=1)}
    rows = uow.run(locks.lock([f"numbers:{channel.id}"]), sql(_ASKED, **names))[1]
    return max(MOST_A_MINUTE - int(rows[0][0] or "0"), 0)


def ask(waha: Waha, address: str) -> Answer:
    """Ask for one number. WahaError, but a plain refusal: nobody knows, and the same may be answered soon."""
    try:
        found_at = waha.find(address.partition("@")[0])
    except NotNow:
        raise
    except Refused:
        return Answer(finding=Finding.REFUSED)
    return Answer(finding=Finding.FOUND if found_at else Finding.MISSING, found_at=found_at)


def record(uow: UnitOfWork, channel: Channel, answers: Mapping[str, Answer]) -> None:
    """Believe these answers for a while; where a number was found it is known to be, too."""
    uow.run(*(_recorded(uow, channel, *each) for each in sorted(_with_places(answers).items(), key=itemgetter(0))))


def _recorded(uow: UnitOfWork, channel: Channel, address: str, answer: Answer) -> Sql:
    names = {**_names(channel), "now": uow.now, "expires_at": uow.now + BELIEVED[answer.finding]}
    return sql(_RECORD, **names, address=address, finding=answer.finding, found_at=answer.found_at)


def unclaim(uow: UnitOfWork, channel: Channel, addresses: Sequence[str]) -> None:
    """Give back numbers that were not asked for after all."""
    uow.run(sql(_UNCLAIM, **_names(channel), addresses=list(addresses)))


def _with_places(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    found = [answer for answer in answers.values() if answer.found_at]
    return {**{str(answer.found_at): answer for answer in found}, **answers}


def _names(channel: Channel) -> dict[str, UUID | datetime]:
    return {"tenant_id": channel.tenant_id, "project_id": channel.project_id, "channel_id": channel.id}
