"""A database clock that tests can move: time passes at once instead of being slept through.

A schema before `pg_catalog` in the roles' search path holds functions of the names `now` and
`clock_timestamp`, so the product's own SQL reads the moved clock, and so do column defaults.
Policies were bound to the real one when the tables were made, and stay with it.
"""

from infra.local.postgres import connect
from infra.migrate import ROLES
from tests.support.postgres import Database

_SCHEMA = f"""
create schema pretended;
create table pretended.clock (shift interval not null);
insert into pretended.clock values ('0');
create function pretended.now() returns timestamptz language sql stable
    as $$ select pg_catalog.now() + shift from pretended.clock $$;
create function pretended.clock_timestamp() returns timestamptz language sql volatile
    as $$ select pg_catalog.clock_timestamp() + shift from pretended.clock $$;
grant usage on schema pretended to {", ".join(ROLES)};
grant select on pretended.clock to {", ".join(ROLES)};
do $$
declare known record;
begin
    for known in
        select table_name, column_name, column_default from information_schema.columns
        where table_schema = 'public' and column_default ~ '(now|clock_timestamp)\\(\\)'
    loop
        execute format('alter table %I alter column %I set default %s', known.table_name, known.column_name,
            regexp_replace(known.column_default, '(now|clock_timestamp)\\(\\)', 'pretended.\\1()'));
    end loop;
end $$;
"""


def make_movable(database: Database) -> None:
    """Put the clock into a database; connections opened from now on read it."""
    connection = connect(database.admin_url)
    connection.execute_simple(_SCHEMA)
    for role in (*ROLES, "postgres"):
        connection.run(f"alter role {role} in database {database.name} set search_path = pretended, pg_catalog, public")
    connection.close()
