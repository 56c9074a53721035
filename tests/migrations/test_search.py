import json
from contextlib import closing

import pytest

from infra.local.postgres import connect, run
from infra.migrate import migrate
from shared.crm.messages.query import find
from shared.kernel.ids import uuid7
from shared.runtime.paging import PageQuery
from shared.runtime.postgres import BEGIN, ROLLBACK, Sql, pipeline, sql
from shared.runtime.postgres import connect as connect_as_we_do

FIRST = PageQuery(limit=5, cursor=None, page=None, sort=None)
TENANT, OTHER, PROJECT = uuid7(), uuid7(), uuid7()
SAY = """
insert into messages (
    id, tenant_id, project_id, version, channel_id, chat_id, direction, sender_kind, type, status, text, sent_at)
select gen_random_uuid(), '{tenant}', '{project}', 1, gen_random_uuid(), gen_random_uuid(), 'inbound', 'contact',
    'text', 'received', said, timestamptz '2026-03-01' + make_interval(secs => n)
from unnest(array[{said}]) with ordinality as told (said, n)
"""


def scope(tenant=TENANT):
    settings = "select set_config('app.tenant_id', :tenant, true), set_config('app.project_id', :project, true)"
    return sql(settings, tenant=tenant, project=PROJECT)


@pytest.fixture
def admin(migrated):
    """A superuser's transaction, in which the triggers on words run and foreign keys are not looked at."""
    with closing(connect(migrated.admin_url)) as connection:
        connection.run("begin")
        connection.run("alter table messages enable always trigger keep_words_of_new")
        connection.run("alter table messages enable always trigger keep_words_of_changed")
        connection.run("set local session_replication_role = replica")
        yield connection
        connection.run("rollback")


def say(connection, *texts, tenant=TENANT):
    said = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
    connection.run(SAY.format(tenant=tenant, project=PROJECT, said=said))


def words(connection):
    return [row[0] for row in connection.run("select word from message_words order by word")]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Promoções", ["promoca"]),
        ("promoção", ["promoca"]),
        ("não nao NÃO", ["nao"]),
        ("na\u0303o", ["nao"]),
        ("viagens, viagem", ["viag"]),
        ("jornais jornal", ["jornal"]),
        ("pães pão", ["pao"]),
        ("mais mal dois", ["dois", "mais", "mal"]),
        ("orders ordem", ["ordem", "orders"]),
        ("11-98765 a_b c/d 1.250,50", ["11", "1", "250", "50", "98765", "a", "b", "c", "d"]),
        ("https://example.com/x?y=1#z", ["1", "com", "exampl", "https", "x", "y", "z"]),
        ("<b>oi</b> &amp;", ["amp", "b", "oi"]),
        ("Привет мир", ["мир", "привет"]),
        ("", []),
        ("!!! ???", []),
    ],
)
def test_words_are_kept_without_accents_case_and_endings(admin, said, kept):
    found = admin.run("select tsvector_to_array(search_vector(:said))", said=said)[0][0]
    assert sorted(found) == sorted(kept)


def test_words_go_with_what_is_said(admin):
    say(admin, "Bom dia")
    assert words(admin) == ["bom", "dia"]
    admin.run("update messages set text = 'Boa noite', version = version + 1")
    assert words(admin) == ["boa", "noit"]
    admin.run("update messages set status = 'read', version = version + 1")
    assert words(admin) == ["boa", "noit"]
    admin.run("update messages set sent_at = sent_at + interval '1 day', version = version + 1")
    assert admin.run("select count(*) from message_words w join messages m on m.sent_at = w.sent_at")[0][0] == 2
    admin.run("update messages set deleted_at = now(), version = version + 1")
    assert words(admin) == []
    admin.run("update messages set deleted_at = null, version = version + 1")
    assert words(admin) == ["boa", "noit"]
    admin.run("update messages set text = null, version = version + 1")
    assert words(admin) == []


def test_a_text_of_any_length_is_kept_by_its_beginning(admin):
    say(admin, " ".join(f"w{number}" for number in range(12_000)), "x" * 60_000)
    assert 2_000 < len(words(admin)) < 3_500
    assert "w0" in words(admin)


def test_what_was_said_before_is_found_too(server, worker_id):
    database = server.empty(f"said_before_{worker_id}")
    try:
        migrate(database.owner_url, "0005_sign_in")
        with closing(connect(database.admin_url)) as connection:
            connection.run("set session_replication_role = replica")
            say(connection, "Olá, promoções!", "Bom dia")
        migrate(database.owner_url, "0007_search")
        kept = run(database.admin_url, "select word from message_words order by word")
        assert [row[0] for row in kept] == ["bom", "dia", "ola", "promoca"]
        assert run(database.admin_url, "select relforcerowsecurity from pg_class where relname = 'messages'") == [
            [True]
        ]
    finally:
        server.drop(database.name)


@pytest.fixture(scope="module")
def spoken_of(server, worker_id):
    """A database in which two tenants have said a little."""
    database = server.empty(f"spoken_of_{worker_id}")
    migrate(database.owner_url)
    with closing(connect(database.admin_url)) as connection:
        connection.run("alter table messages enable always trigger keep_words_of_new")
        connection.run("set session_replication_role = replica")
        say(connection, *(f"recado {number % 50} para todos" for number in range(400)), "uma promoção só")
        say(connection, "outra promoção", tenant=OTHER)
        connection.run("analyze")
    with closing(connect_as_we_do(database.app_url)) as connection:
        yield connection
    server.drop(database.name)


def ask(connection, wanted, tenant=TENANT):
    rows = pipeline(connection, BEGIN, scope(tenant), find(wanted, {}, FIRST).sql, ROLLBACK)[2]
    return [each["text"] for each in json.loads(rows[0][0] or "")["data"]]


def test_row_security_stands_over_the_words(spoken_of):
    assert ask(spoken_of, "promocoes") == ["uma promoção só"]
    assert ask(spoken_of, "promocoes or outra") == ["uma promoção só"]
    assert ask(spoken_of, "promocoes", OTHER) == ["outra promoção"]
    assert ask(spoken_of, "promocoes", uuid7()) == []
    count = sql("select count(*) from message_words")
    assert pipeline(spoken_of, count)[0] == [("0",)]
    assert pipeline(spoken_of, BEGIN, scope(OTHER), count, ROLLBACK)[2] == [("2",)]


@pytest.mark.parametrize("wanted", ["promocoes", "recado 7", '"para todos"', "recado -7", "promocao or recado"])
def test_the_index_leads_to_the_words(spoken_of, wanted):
    asked = find(wanted, {}, FIRST).sql
    explain = Sql(f"explain (format json) {asked.text}", asked.values)
    hints = sql("set local enable_seqscan = off"), sql("set local enable_bitmapscan = off")
    plan = json.loads(pipeline(spoken_of, BEGIN, scope(), *hints, explain, ROLLBACK)[4][0][0] or "")
    used = [node for node in nodes(plan[0]["Plan"]) if node.get("Relation Name") == "message_words"]
    assert used
    for node in used:
        assert node["Index Name"] == "message_words_pkey"
        assert "word =" in node["Index Cond"].replace("(word)::text", "word")


def nodes(plan):
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)
