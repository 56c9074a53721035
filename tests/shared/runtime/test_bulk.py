"""Several aggregates changed in one statement: all of them as they were read, or none."""

from dataclasses import replace

import pytest

from shared.crm.chats.model import Chat
from shared.kernel.ids import uuid7
from shared.kernel.inbound import ChatKind
from shared.runtime.bulk import Batch, Change
from shared.runtime.identity import tenant_scope
from shared.runtime.postgres import BEGIN, DATABASE_ERRORS, commit, connections, is_retryable
from shared.runtime.settings import settings
from tests.support.waha import waha_channel

_CHATS = "select id, version, subject, description, stamps, metadata, left_at from chats where tenant_id = :tenant_id"


@pytest.fixture
def channel(world, api):
    return waha_channel(world, api, world.new_tenant())


@pytest.fixture
def write(channel):
    def run(batch):
        with connections(settings().database_url).take() as connection:
            commit(connection, BEGIN, tenant_scope(channel.tenant.tenant_id), *batch.statements)

    return run


@pytest.fixture
def chats(channel, write):
    """Five groups, as they were just written."""
    tenant, batch = channel.tenant, Batch()
    names = {"tenant_id": tenant.tenant_id, "project_id": tenant.project_id, "channel_id": channel.id}
    made = [Chat(id=uuid7(), **names, kind=ChatKind.GROUP, subject=f"{n}") for n in range(5)]
    batch.add("chats", *made)
    write(batch)
    return made


def _changed(chat, columns, *, raised=1, **values):
    since = chat.version
    for name, value in values.items():
        setattr(chat, name, value)
    chat.version += raised
    return Change(chat, columns, since)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_what_changes_alike_is_one_statement(world, channel, chats, write, count):
    batch = Batch()
    columns = ("description", "stamps", "metadata", "left_at")
    told = {"description": 'it\'s \\ "so"', "stamps": {"subject": "2"}, "metadata": {"a": [1, None]}, "left_at": None}
    batch.change("chats", *(_changed(chat, columns, **told) for chat in chats[:count]))
    assert len(batch.statements) == 1
    assert batch.aggregates == chats[:count]
    write(batch)
    rows = {row["id"]: row for row in world.rows(_CHATS, tenant_id=channel.tenant.tenant_id)}
    assert [rows[str(chat.id)]["version"] for chat in chats] == [2] * count + [1] * (5 - count)
    for chat in chats[:count]:
        row = rows[str(chat.id)]
        assert {name: row[name] for name in told} == told
        assert row["subject"] == chat.subject


def test_what_changes_otherwise_is_another(world, channel, chats, write):
    batch = Batch()
    changes = [_changed(chat, ("subject",), subject="new", raised=1 + n // 2) for n, chat in enumerate(chats[:4])]
    batch.change("chats", *changes, _changed(chats[4], ()))
    assert len(batch.statements) == 3
    write(batch)
    rows = {row["id"]: row for row in world.rows(_CHATS, tenant_id=channel.tenant.tenant_id)}
    assert [rows[str(chat.id)]["version"] for chat in chats] == [2, 2, 3, 3, 2]
    assert [rows[str(chat.id)]["subject"] for chat in chats] == ["new"] * 4 + ["4"]


@pytest.mark.parametrize("since", [0, 2])
def test_one_that_somebody_else_has_changed_ends_it_for_all(world, channel, chats, write, since):
    batch = Batch()
    changes = [_changed(chat, ("subject",), subject="new") for chat in chats]
    chats[3].version = since + 1
    batch.change("chats", *(change._replace(since=change.aggregate.version - 1) for change in changes))
    with pytest.raises(DATABASE_ERRORS) as failed:
        write(batch)
    assert is_retryable(failed.value)
    assert {row["version"] for row in world.rows(_CHATS, tenant_id=channel.tenant.tenant_id)} == {1}


def test_nobody_changes_what_is_another_tenants(world, channel, chats, write):
    batch = Batch()
    strange = replace(chats[0], tenant_id=world.new_tenant().tenant_id)
    batch.change("chats", *(_changed(chat, ("subject",), subject="new") for chat in (strange, *chats[1:])))
    with pytest.raises(DATABASE_ERRORS):
        write(batch)
    assert {row["version"] for row in world.rows(_CHATS, tenant_id=channel.tenant.tenant_id)} == {1}
