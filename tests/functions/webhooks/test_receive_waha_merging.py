"""A message comes while those who followed upon it are becoming one person."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from infra.fakes.waha_changes import make_reaction
from infra.fakes.waha_events import Addressing, make_ack, make_event
from shared.crm.inbound.merge import merge_contacts
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, commit, connections, pipeline
from shared.runtime.settings import settings
from tests.functions.webhooks.conftest import ANA, BIA, GROUP

SAID = "3EB0A1"
WAITING_FOR_LOCKS = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"


def until_it_waits_or_is_done(desk, kept):
    deadline = time.monotonic() + 20
    while not kept.done() and not desk.world.value(WAITING_FOR_LOCKS):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def follows(desk, way):
    """What Ana, known by her hidden id, does with a message of ours that is not here yet."""
    place: dict[str, Any] = {"customer": ANA, "group": GROUP, "addressing": Addressing.LID}
    if way == "message_receipts":
        return make_ack(desk.engine, 3, reader=ANA, message_id=SAID, from_me=True, **place)
    return make_reaction(desk.engine, SAID, "👍", theirs=False, **place)


@pytest.mark.parametrize("way", ["message_reactions", "message_receipts"])
def test_what_waited_is_of_whoever_they_became(desk, way):
    for addressing in (Addressing.PHONE, Addressing.LID):
        desk.takes(make_event(desk.engine, "text", body="Oi", customer=ANA, addressing=addressing))
    desk.takes(follows(desk, way))
    assert desk.count("early_events") == 1
    survivor, other = (UUID(row["id"]) for row in desk.world.rows("select id from contacts order by id"))
    said = make_event(desk.engine, "text", body="Bom dia", customer=BIA, group=GROUP, message_id=SAID, from_me=True)
    tenant_id = desk.channel.tenant.tenant_id

    with ThreadPoolExecutor(1) as thread, connections(settings().database_url).take() as connection:
        pipeline(connection, BEGIN, tenant_scope(tenant_id))
        merge_contacts(lambda *statements: pipeline(connection, *statements), tenant_id, survivor, other)
        kept = thread.submit(desk.takes, said)
        until_it_waits_or_is_done(desk, kept)
        commit(connection)
        kept.result(timeout=20)

    assert desk.count("early_events") == 0
    assert desk.world.rows(f"select contact_id from {way}") == [{"contact_id": str(survivor)}]
