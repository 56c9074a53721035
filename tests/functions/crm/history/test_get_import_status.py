"""An import shows how far it has come, and what went wrong."""

from infra.fakes.waha_history import Trouble


def test_before_the_first_import_there_is_no_status(past):
    answer = past.shop.api.get(f"{past.path}/import-status", as_=past.shop.tenant.viewer)
    assert answer.status_code == 404


def test_chats_that_cannot_be_read_are_told_of_and_tried_again(past):
    past.archive.trouble = Trouble(share=1, kinds=("error_500",), seed=3)
    past.archive.trouble.of = lambda name, attempt: "error_500" if past.archive.chats[0].id in name else None
    past.asks()
    past.works()
    status = past.status()
    assert (status["status"], status["failure_code"]) == ("failed", "chats_unread")
    assert (status["chats_done"], status["chats_failed"]) == (11, 1)
    assert [(error["code"], error["chats"]) for error in status["errors"]] == [("unknown", 1)]
    assert past.archive.asked[f"{past.archive.chats[0].id} 0"] == 4
    past.archive.trouble = Trouble()
    past.asks("import-history/resume", 200)
    past.works()
    assert past.status()["status"] == "completed"
    assert past.ids() == past.remembered()


def test_what_it_came_to_outlives_the_rows_of_its_chats(past, world):
    before = past.fetches()
    world.run("update history_chats set expires_at = now() - interval '1 day'")
    world.run("delete from history_chats")
    after = past.status()
    assert {name: after[name] for name in ("chats", "read", "added")} == {
        name: before[name] for name in ("chats", "read", "added")
    }


def test_nobody_else_sees_it(past, other_tenant):
    past.asks()
    answer = past.shop.api.get(f"{past.path}/import-status", as_=other_tenant.admin)
    assert answer.status_code == 404
    assert past.shop.api.post(f"{past.path}/import-history", as_=other_tenant.admin).status_code == 404
    assert past.shop.api.post(f"{past.path}/import-history", as_=past.shop.tenant.agent).status_code == 403
