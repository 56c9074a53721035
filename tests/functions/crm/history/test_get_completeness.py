"""How much of each day is here, against what the provider has."""

from infra.fakes.waha_history import Trouble


def shown(past, days=366):
    answer = past.shop.api.get(f"{past.path}/completeness?days={days}", as_=past.shop.tenant.viewer)
    assert answer.status_code == 200, answer.text
    return answer.json


def by_day(past):
    """How many messages the provider has of each day, in the project's zone."""
    day = "(sent_at at time zone 'America/Sao_Paulo')::date"
    count = f"select {day} as day, count(*) as n from messages group by 1 order by 1"
    return {row["day"]: row["n"] for row in past.shop.world.rows(count)}


def test_before_anybody_looked_nothing_is_known(past):
    found = shown(past)
    assert found["days"] == []
    assert (found["expected"], found["checked_at"]) == (0, None)


def test_after_an_import_all_is_here(past):
    past.fetches()
    found = shown(past)
    assert (found["expected"], found["present"], found["recovered"], found["unknown"]) == (300, 300, 0, 0)
    assert {day["day"]: day["expected"] for day in found["days"]} == by_day(past)
    assert len(shown(past, 30)["days"]) < len(found["days"])


def test_rows_told_twice_are_counted_once(past):
    past.archive.trouble = Trouble(share=1, kinds=("twice", "again"))
    past.fetches()
    assert shown(past)["expected"] == 300


def test_nobody_else_sees_it(past, other_tenant):
    assert past.shop.api.get(f"{past.path}/completeness", as_=other_tenant.viewer).status_code == 404
    for days in ("0", "%2B5", "5.0", "1_0"):
        answer = past.shop.api.get(f"{past.path}/completeness?days={days}", as_=past.shop.tenant.viewer)
        assert answer.status_code == 400
