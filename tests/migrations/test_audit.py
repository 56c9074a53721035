import re
from argparse import Namespace
from contextlib import closing

import pytest
from pg8000.native import identifier

from infra import audit as command
from infra.audit import audit
from infra.local.postgres import connect

TENANT = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid"
SECURED = f"""
    alter table {{name}} owner to ventros_owner;
    alter table {{name}} enable row level security;
    alter table {{name}} force row level security;
    create policy tenant on {{name}} to ventros_app using ({TENANT}) with check ({TENANT})
"""


def made(name, columns):
    """A new table that keeps all rules but those its columns break."""
    return f"create table {name} ({columns});{SECURED.format(name=name)}"


def policy(table, rule):
    return f"drop policy tenant on {table}; create policy tenant on {table} to ventros_app {rule}"


FAULTS = {
    "owner without FORCE": (
        "alter table contacts no force row level security",
        "table contacts: row-level security is not forced",
    ),
    "row security off": ("alter table chats disable row level security", "table chats: row-level security is off"),
    "no policy": (
        "drop policy tenant on contacts",
        "table contacts must have exactly one policy for ventros_app; .* none",
    ),
    "a second policy": (
        "create policy more on contacts to ventros_app using (true)",
        "table contacts must have exactly one policy for ventros_app; it has more, tenant",
    ),
    "a policy without WITH CHECK": (
        policy("users", f"using ({TENANT})"),
        "table users, policy tenant: WITH CHECK must be the same as USING, not missing",
    ),
    "a looser WITH CHECK": (
        policy("users", f"using ({TENANT}) with check (true)"),
        "table users, policy tenant: WITH CHECK must be the same as USING, not true",
    ),
    "a policy that lets all through": (
        policy("users", "using (true) with check (true)"),
        "table users, policy tenant: USING must compare tenant_id with the setting, not true",
    ),
    "a policy with an `or` too many": (
        policy("users", f"using ({TENANT} or status = 'active') with check ({TENANT} or status = 'active')"),
        "table users, policy tenant: USING must compare tenant_id",
    ),
    "a policy that fails on an empty setting": (
        policy("users", "using (tenant_id = current_setting('app.tenant_id', true)::uuid) with check (false)"),
        "table users, policy tenant: USING must compare tenant_id",
    ),
    "a policy for one command": (
        f"drop policy tenant on users; create policy tenant on users for select to ventros_app using ({TENANT})",
        "table users, policy tenant: it must be a permissive policy for all commands",
    ),
    "a policy for everybody": (
        f"drop policy tenant on users; create policy tenant on users using ({TENANT}) with check ({TENANT})",
        "table users, policy tenant: it must be for ventros_app alone, not public",
    ),
    "a relay that reads contacts": (
        "create policy peek on contacts for select to ventros_relay using (true)",
        "table contacts, policy peek: ventros_relay is not on the list for select",
    ),
    "a relay that no longer may": (
        "drop policy ventros_relay_select on messages",
        "table messages: ventros_relay is on the list for select but has no such policy",
    ),
    "a view with its owner's eyes": (
        "create view everybody as select name from contacts; alter view everybody owner to ventros_owner",
        "view everybody is not security_invoker",
    ),
    "a materialized view": (
        "create materialized view names as select name from contacts",
        "materialized view names: row-level security does not reach it",
    ),
    "a definer function": (
        "create function names() returns setof text language sql security definer as 'select name from contacts'",
        r"function names\(\) is SECURITY DEFINER, so it acts as postgres",
    ),
    "a foreign table": (
        (
            "create foreign data wrapper away; create server there foreign data wrapper away;"
            "create foreign table theirs (name text) server there"
        ),
        "foreign table theirs: row-level security does not reach it",
    ),
    "a unique constraint without tenant": (
        "alter table messages add constraint once unique (channel_id, external_id)",
        "table messages: the unique key once leaves tenant_id out",
    ),
    "a unique index without tenant": (
        "create unique index once on users (lower(email)) where status = 'active'",
        "table users: the unique key once leaves tenant_id out",
    ),
    "a tenant that is only included": (
        "create unique index once on users (email) include (tenant_id)",
        "table users: the unique key once leaves tenant_id out",
    ),
    "a foreign key without tenant": (
        (
            "create unique index users_id on users (id);"
            "alter table agents add constraint stray foreign key (user_id) references users (id)"
        ),
        "table agents: the foreign key stray does not lead tenant_id to tenant_id of users",
    ),
    "a foreign key with the tenant crossed": (
        (
            "create unique index crossed on users (id, tenant_id);"
            "alter table agents add constraint stray foreign key (tenant_id, user_id) references users (id, tenant_id)"
        ),
        "table agents: the foreign key stray does not lead tenant_id to tenant_id of users",
    ),
    "a foreign key without an index": (
        "drop index chats_tenant_id_contact_id_idx",
        r"table chats: no index begins with \(tenant_id, contact_id\)",
    ),
    "a foreign key with half an index": (
        (
            "drop index chats_tenant_id_contact_id_idx;"
            "create index on chats (tenant_id, contact_id) where status = 'active'"
        ),
        r"table chats: no index begins with \(tenant_id, contact_id\)",
    ),
    "a role above row security": ("create role planted_above bypassrls", "role planted_above has BYPASSRLS"),
    "our own role above row security": ("alter role ventros_app bypassrls", "role ventros_app has BYPASSRLS"),
    "a superuser of ours": ("alter role ventros_owner superuser", "role ventros_owner is a superuser"),
    "a role with a borrowed power": (
        "grant pg_read_all_data to ventros_relay",
        "role ventros_relay is a member of pg_read_all_data",
    ),
    "the application as an owner": (
        "alter table contacts owner to ventros_app",
        "contacts belongs to ventros_app, not to ventros_owner",
    ),
    "TRUNCATE": (
        "grant truncate on contacts to ventros_app",
        "contacts: ventros_app must not have the right to truncate",
    ),
    "reading who may sign in": (
        "grant select on logins to ventros_app",
        "logins: ventros_app must not have the right to select",
    ),
    "reading one column of it": (
        "grant select (email) on logins to ventros_app",
        r"logins \(email\): ventros_app must not have the right to select",
    ),
    "the relay's own table": (
        "grant select on relay_leases to ventros_app",
        "relay_leases: ventros_app must not have the right to select",
    ),
    "the relay reading texts": (
        "grant select (text) on messages to ventros_relay",
        r"messages \(text\): ventros_relay must not have the right to select",
    ),
    "the relay reading whole rows": (
        "grant select on messages to ventros_relay",
        "messages: ventros_relay must not have the right to select",
    ),
    "a right for everybody": (
        "grant select on contacts to public",
        "contacts: public must not have the right to select",
    ),
    "default privileges for everybody": (
        "alter default privileges for role ventros_owner grant select on tables to public",
        "default privileges of ventros_owner in all schemas give select to public",
    ),
    "a schema open to all": (
        "grant create on schema public to public",
        "schema public: public must not have the right to create",
    ),
    "a database open to all": (
        "grant connect on database {database} to public",
        "database migrated_.*: the right to connect must be given by name",
    ),
    "a table without tenant": (
        "create table settings (id uuid primary key, version integer not null)",
        "table settings has no tenant_id and is not on the list",
    ),
    "a tenant that may be null": (
        made("things", "tenant_id uuid"),
        "table things: tenant_id must be uuid not null",
    ),
    "an aggregate without version": (
        "alter table agents drop column version",
        "table agents: what can change needs `version integer not null`",
    ),
    "a person's words without their name": (
        made("notes", "tenant_id uuid not null, text text"),
        "table notes: text may hold personal data",
    ),
    "a new column on a judged table": (
        "alter table channels add column owner_phone text",
        "table channels: owner_phone may hold personal data",
    ),
    "a row that stays too long": (
        made("notes", "tenant_id uuid not null, text text, expires_at timestamptz not null default now() + '90 days'"),
        "table notes: text may hold personal data",
    ),
    "a list that is out of date": ("drop table relays", "table relays is on a list of the audit but not in"),
}
FINE = {
    "a view with the caller's eyes": (
        "create view ours with (security_invoker) as select name from contacts;"
        "alter view ours owner to ventros_owner; grant select on ours to ventros_app"
    ),
    "a table that keeps the rules": made(
        "notes",
        "id uuid, tenant_id uuid not null, version integer not null, contact_id uuid, text text, updated_at date,"
        "primary key (tenant_id, id), foreign key (tenant_id, contact_id) references contacts (tenant_id, id)",
    )
    + "; create index on notes (tenant_id, contact_id) where contact_id is not null",
    "a text that is one of a few": made(
        "moods", "tenant_id uuid not null, mood text not null check (mood in ('good', 'bad'))"
    ),
    "a text that is gone in time": made(
        "notes",
        "tenant_id uuid not null, text text, expires_at timestamptz not null default now() + '30 days'::interval",
    ),
}


@pytest.fixture
def transaction(migrated):
    """A superuser's transaction that comes to nothing."""
    with closing(connect(migrated.admin_url)) as connection:
        connection.run("begin")
        yield connection
        connection.run("rollback")


def test_the_schema_breaks_no_rule(migrated):
    assert audit(migrated.owner_url) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(migrated, transaction, fault):
    statements, breach = FAULTS[fault]
    transaction.run(statements.replace("{database}", identifier(migrated.name)))
    found = audit(transaction)
    assert any(re.match(breach, line) for line in found), found


@pytest.mark.parametrize("change", FINE)
def test_what_keeps_the_rules_is_let_pass(transaction, change):
    transaction.run(FINE[change])
    assert audit(transaction) == []


def test_the_command_prints_what_it_finds_and_fails(migrated, monkeypatch, capsys):
    assert command.run(Namespace(database_url=migrated.owner_url)) == 0
    assert capsys.readouterr().out == "No breach found.\n"
    monkeypatch.setattr(command, "audit", lambda _url: ["table x: a", "table y: b"])
    assert command.run(Namespace(database_url=migrated.owner_url)) == 1
    assert capsys.readouterr().out == "table x: a\ntable y: b\n"
    assert command.run(Namespace(database_url=None)) == 2
