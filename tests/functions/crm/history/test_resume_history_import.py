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
