"""An import rests while somebody wants it to."""


def test_it_rests_and_goes_on_where_it_stopped(past, world):
    past.asks()
    assert past.asks("import-history/pause", 200)["status"] == "paused"
    past.works()
    assert past.ids() == []
    assert past.asks("import-history/pause", 409)["error"]["code"] == "not_running"
    assert past.asks("import-history/resume", 200)["status"] == "running"
    past.works()
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()
