"""An import ends when somebody says so."""


def test_it_ends_when_somebody_says_so(past, world):
    past.asks()
    ended = past.asks("import-history/cancel", 200)
    assert (ended["status"], ended["finished_at"] is not None) == ("cancelled", True)
    past.works()
    assert past.ids() == []
    assert past.asks("import-history/resume", 409)["error"]["code"] == "not_stopped"
    assert past.asks("import-history/cancel", 409)["error"]["code"] == "not_running"
    assert past.fetches()["status"] == "completed"
    by = world.events("channel.history_import_cancelled")[0]["data"]["by"]
    assert by == str(past.shop.tenant.admin.user_id)
