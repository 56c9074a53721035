from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

from infra.fakes.waha_events import Party, make_event, make_status
from infra.local.postgres import free_port
from shared.core.metrics import figures
from shared.runtime.postgres import BEGIN, ROLLBACK, Sql, connections, pipeline, sql
from tests.support.environment import environment
from tests.support.prometheus import parse
from tests.support.services import WATCHER
from tests.support.shop import SESSION, open_shop

OTHERS = Party(phone="5511900000077", lid="177000000000077")
RULES = {"keywords": [{"words": ["abrem"], "reply": "Abrimos das 7h às 19h."}]}


@pytest.fixture
def scrape(api):
    def scrape():
        answer = api.get("/metrics", as_=WATCHER)
        assert answer.status_code == 200, answer.text
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        return parse(answer.text)

    return scrape


@pytest.fixture
def shops(world, api, tenant, other_tenant):
    options: dict[str, Any] = {"config": RULES, "debounce_timeout_ms": 5000}
    with open_shop(world, api, tenant, **options) as ours, open_shop(world, api, other_tenant, **options) as theirs:
        yield ours, theirs


def test_an_installation_without_anything_says_nothing_but_noughts(scrape, world):
    told = scrape()
    assert told["ventros_messages_per_minute"].of(direction="inbound") == 0
    assert told["ventros_outbox_age_seconds"].of(kind="events") == 0
    assert told["ventros_dead_letters_waiting"].of(kind="", function="") == 0
    assert "ventros_reply_seconds" not in told
    counted = [metric for name, metric in told.items() if not name.startswith("ventros_database_")]
    assert {value for metric in counted for value in metric.samples.values()} == {0}


def test_it_tells_how_many_pages_lay_in_the_databases_memory(scrape, world):
    told = scrape()
    memory, elsewhere = (told["ventros_database_pages"].of(place=place) for place in ("memory", "elsewhere"))
    assert told["ventros_database_cache_hit_ratio"].of() == pytest.approx(memory / (memory + elsewhere))
    kept = "select blks_hit as hits, blks_read as reads from pg_stat_database where datname = current_database()"
    (later,) = world.rows(kept)
    assert 0 < memory <= later["hits"]
    assert 0 < elsewhere <= later["reads"]


def test_it_counts_over_all_tenants(scrape, shops):
    ours, theirs = shops
    for shop in (ours, ours, theirs):
        shop.hears("A que horas abrem?")
    before = scrape()
    assert before["ventros_messages_per_minute"].of(direction="inbound") == 3
    assert before["ventros_sessions_active"].of() == 2
    assert before["ventros_message_groups_waiting"].of() == 2
    assert before["ventros_outbox_waiting"].of(kind="events") > 3
    assert before["ventros_outbox_waiting"].of(kind="tasks") == 2
    assert before["ventros_channels"].of(connection="unknown") == 2
    ours.world.advance(20)
    late = scrape()
    assert late["ventros_outbox_age_seconds"].of(kind="events") >= 20
    assert 14 < late["ventros_message_group_overdue_seconds"].of() < 20


def test_deliveries_of_late_are_counted_by_what_became_of_them(scrape, shops):
    ours, theirs = shops
    for shop in shops:
        shop.hears("Oi", message_id="3EB0AA10")
    ours.hears("Oi", message_id="3EB0AA10")
    told_by = {"session": SESSION, "engine": ours.engine, "payload": {}}
    for event in ("engine.event", "moon.risen", "sun.risen", "message"):
        assert theirs.channel.deliver({**told_by, "event": event}).status_code == 200
    assert theirs.channel.deliver(make_status(theirs.engine, "WORKING", session=SESSION)).status_code == 200
    strange = make_event(theirs.engine, "text", session="another", me=OTHERS)
    assert theirs.channel.deliver(strange).status_code == 200
    told = scrape()
    assert told["ventros_deliveries"].samples == {
        frozenset({("status", status)}): count
        for status, count in {"kept": 3, "duplicate": 1, "unhandled": 3, "failed": 1, "misdirected": 1}.items()
    }
    assert told["ventros_deliveries_unforeseen"].of() == 2
    ours.world.advance(301)
    assert set(scrape()["ventros_deliveries"].samples.values()) == {0}


@pytest.mark.parametrize(("table", "column"), [("inbound_deliveries", "expires_at"), ("outbox_events", "created_at")])
def test_of_a_month_only_what_is_of_late_is_read(database, table, column):
    queries = [query for query in figures.queries() if f"{column} > " in query.text]
    assert queries
    for query in queries:
        explained = Sql(f"explain (format json) {query.text}", query.values)
        with connections(database.observer_url).take() as connection:
            plan = pipeline(connection, BEGIN, sql("set local enable_seqscan = off"), explained, ROLLBACK)[2][0][0]
        assert f'"Index Name": "{table}_{column}_idx"' in (plan or "")


def test_it_tells_how_quickly_bots_answer_and_what_they_take(scrape, shops):
    ours, _ = shops
    for shop in shops:
        shop.hears("A que horas abrem?")
    ours.settles()
    told = scrape()
    assert told["ventros_replies"].of() == 2
    median, slow = (told["ventros_reply_seconds"].of(quantile=quantile) for quantile in ("0.5", "0.95"))
    assert 0 < median <= slow < 30
    assert told["ventros_ai_runs"].of(responder="rules", model="rules-1", outcome="completed") == 2
    assert told["ventros_ai_cost_nanodollars"].of(responder="rules", model="rules-1") == 0
    assert told["ventros_message_groups_waiting"].of() == 0
    assert told["ventros_message_groups_unanswered"].of() == 0
    ours.world.advance(301)
    later = scrape()
    assert later["ventros_replies"].of() == 0
    assert "ventros_ai_runs" not in later


def test_what_a_model_cost_is_counted_if_it_has_a_price(scrape, shops):
    ours, theirs = shops
    for shop in shops:
        shop.hears("A que horas abrem?")
    ours.settles()
    world = ours.world
    world.run("update ai_runs set model = 'gemini-x' where tenant_id = :id", id=ours.tenant.tenant_id)
    world.run("update ai_runs set model = 'other' where tenant_id = :id", id=theirs.tenant.tenant_id)
    world.run(
        "update outbox_events set envelope = jsonb_set(envelope, '{data}', envelope -> 'data' || "
        """'{"input_tokens": 1000, "output_tokens": 20}') where type = 'ai_run.completed'"""
    )
    with environment({"AI_PRICES": '{"gemini-x": {"input": 300, "output": 2500}}'}):
        told = scrape()
    assert told["ventros_ai_tokens"].of(responder="rules", model="gemini-x", direction="input") == 1000
    assert told["ventros_ai_tokens"].of(responder="rules", model="other", direction="output") == 20
    assert told["ventros_ai_cost_nanodollars"].samples == {
        frozenset({("responder", "rules"), ("model", "gemini-x")}): 350_000
    }
    assert told["ventros_ai_unpriced_tokens"].of() == 1020


def test_dead_letters_are_counted_by_who_could_not_take_them(scrape, world, tenant):
    row = (
        "insert into dead_letters (tenant_id, id, kind, function, message_id, type, destination, ordering_key, body,"
        " correlation_id, attempts, reason, places, status) values (:tenant_id, gen_random_uuid(), 'task', :function,"
        " gen_random_uuid(), 't', 'd', 'o', '{}', 'c', 1, 'r', '[]', :status)"
    )
    for function, status in (("send_message", "waiting"), ("send_message", "waiting"), ("run_agent", "requeued")):
        world.run(row, tenant_id=tenant.tenant_id, function=function, status=status)
    assert scrape()["ventros_dead_letters_waiting"].samples == {
        frozenset({("kind", "task"), ("function", "send_message")}): 2
    }


def test_what_a_history_import_brings_is_no_traffic(scrape, shops):
    ours, _ = shops
    ours.hears("Oi")
    ours.world.run(
        "update outbox_events set envelope = jsonb_set(envelope, '{data,sender_kind}', '\"import\"') "
        "where type = 'message.created'"
    )
    assert scrape()["ventros_messages_per_minute"].of(direction="inbound") == 0


def test_whoever_watches_reads_figures_and_nothing_else(database, shops):
    ours, _ = shops
    ours.hears("A que horas abrem?")
    observer = connections(database.observer_url)
    assert observer.run(sql("select count(*) from messages"))[0][0][0] == "1"
    for columns, table in (
        ("text", "messages"),
        ("*", "sessions"),
        ("name", "channels"),
        ("name", "contacts"),
        ("body", "inbound_deliveries"),
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            observer.run(sql(f"select {columns} from {table}"))
    with pytest.raises(DatabaseError, match="permission denied"):
        observer.run(sql("update sessions set status = 'closed'"))


def test_nobody_else_may_read_it(api, tenant):
    strangers = [tenant.admin.headers, tenant.admin.key.headers, {}, {"Authorization": "Bearer x"}]
    for headers in (*strangers, {"Authorization": WATCHER.headers["Authorization"].replace("Bearer", "Basic")}):
        answer = api.get("/metrics", headers=headers)
        assert (answer.status_code, answer.json["error"]["code"]) == (401, "unauthenticated")


def test_its_token_opens_nothing_else(api, tenant):
    assert api.get("/api/v1/auth/profile", as_=WATCHER).status_code == 401
    assert api.get("/api/v1/crm/contacts", as_=WATCHER).status_code == 401


def test_without_its_database_there_are_no_figures(api):
    with environment({"OBSERVER_DATABASE_URL": f"postgresql://nobody:x@127.0.0.1:{free_port()}/none"}):
        answer = api.get("/metrics", as_=WATCHER)
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "unavailable")
