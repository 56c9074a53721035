"""A row that nobody understood is kept, and worked off again as any delivery is."""

import pytest

from shared.providers.waha import history
from shared.providers.waha.messages import Unreadable
from tests.functions.crm.history.conftest import DAY


@pytest.fixture
def unread(small, monkeypatch):
    """A row was read by a version that did not understand it; from now on it is understood."""

    def fail(*_):
        raise Unreadable("nobody knows such rows yet")

    small.keeps("oi", 5 * DAY)
    monkeypatch.setattr(history, "read_message", fail)
    assert small.fetches()["unread"] == 1
    monkeypatch.undo()
    return small


def test_it_is_settled_when_it_is_understood(unread, world):
    (kept,) = world.rows("select id, status, problem from inbound_deliveries")
    assert kept["status"] == "failed"
    path = f"/api/v1/admin/inbound-deliveries/{kept['id']}/reprocess"
    for _ in range(2):
        answer = unread.shop.api.post(path, as_=unread.shop.tenant.admin).json
        assert (answer["status"], answer["message_id"]) == ("kept", world.value("select id::text from messages"))
        assert answer["reprocessed_at"] is not None
    assert [row["text"] for row in unread.messages()] == ["oi"]
    assert world.value("select problem from inbound_deliveries") is None
