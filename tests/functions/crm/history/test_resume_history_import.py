"""An import that failed goes on once its cause is gone."""


def test_a_server_that_is_away_makes_it_fail_and_it_can_go_on(past, world):
    past.shop.waha.state.sessions["loja"].api_key = "other"
    past.asks()
    past.works()
    status = past.status()
    assert (status["status"], status["failure_code"]) == ("failed", "unauthorized")
    assert world.events("channel.history_import_failed")[0]["data"]["code"] == "unauthorized"
    past.shop.waha.state.sessions["loja"].api_key = "waha-key"
    past.asks("import-history/resume", 200)
    past.works()
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()


def test_an_inactive_channels_import_does_not_go_on(past, world):
    past.asks()
    past.asks("import-history/pause", 200)
    world.run("update channels set status = 'inactive'")
    assert past.asks("import-history/resume", 409)["error"]["code"] == "channel_inactive"
    assert past.status()["status"] == "paused"
