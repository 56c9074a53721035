"""`infra audit`: hold a database against the rules that keep tenants apart, and name every breach."""

import argparse
import os
import re
from collections.abc import Callable, Iterator
from contextlib import closing

from pg8000.native import Connection

from infra import audit_lists as lists
from infra.local.postgres import connect
from infra.migrate import ROLES, tls_of
from infra.schema import ForeignKey, Policy, Relation, Right, Schema, read

Rule = Callable[[Schema], Iterator[str]]

_CONTENT = ("text", "json", "bytea", "character", "xml", "inet")
_ON = {"security_invoker=true", "security_invoker=on", "security_invoker=1"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database-url", default=os.environ.get("OWNER_DATABASE_URL"), help="the owner's connection")


def run(arguments: argparse.Namespace) -> int:
    if not arguments.database_url:
        print("Say which database with --database-url or OWNER_DATABASE_URL; use the owner's role.")
        return 2
    breaches = audit(arguments.database_url)
    print("\n".join(breaches) or "No breach found.")
    return 1 if breaches else 0


def audit(where: str | Connection) -> list[str]:
    """Name every breach in a database, given by its URL or by a connection, whose open transaction counts."""
    if isinstance(where, str):
        with closing(connect(where, tls_of(where))) as connection:
            return audit(connection)
    schema = read(where)
    return sorted({breach for rule in RULES for breach in rule(schema)})


def tables_name_their_tenant(schema: Schema) -> Iterator[str]:
    for name, table in schema.tables.items():
        column = table.by_name.get("tenant_id")
        if column is None and name not in lists.WITHOUT_TENANT:
            yield f"table {name} has no tenant_id and is not on the list of tables that need none"
        if column and not (column.type == "uuid" and column.required):
            yield f"table {name}: tenant_id must be uuid not null"


def rows_are_secured(schema: Schema) -> Iterator[str]:
    for table in schema.tenant_tables:
        if not table.secured:
            yield f"table {table.name}: row-level security is off"
        if not table.forced:
            yield f"table {table.name}: row-level security is not forced, so its owner sees every tenant"


def the_application_sees_one_tenant(schema: Schema) -> Iterator[str]:
    for table in schema.tenant_tables:
        found = [policy for policy in schema.policies if policy.table == table.name and bind_the_app(policy)]
        if len(found) != 1:
            names = ", ".join(policy.name for policy in found) or "none"
            yield f"table {table.name} must have exactly one policy for {lists.APP}; it has {names}"
        for policy in found:
            yield from faults_of(policy)


def bind_the_app(policy: Policy) -> bool:
    return bool({lists.APP, "public"} & set(policy.roles))


def faults_of(policy: Policy) -> Iterator[str]:
    place = f"table {policy.table}, policy {policy.name}"
    if policy.roles != [lists.APP]:
        yield f"{place}: it must be for {lists.APP} alone, not {', '.join(policy.roles)}"
    if policy.command != "all" or not policy.permissive:
        yield f"{place}: it must be a permissive policy for all commands"
    if policy.using not in lists.TENANT_RULES:
        yield f"{place}: USING must compare tenant_id with the setting, not {policy.using}"
    if policy.check != policy.using:
        yield f"{place}: WITH CHECK must be the same as USING, not {policy.check or 'missing'}"


def others_see_what_is_listed(schema: Schema) -> Iterator[str]:
    admitted = {(each.role, each.table, each.command) for each in lists.ADMITTED}
    for policy in schema.policies:
        for role in set(policy.roles) - {lists.APP}:
            if (role, policy.table, policy.command) not in admitted:
                yield f"table {policy.table}, policy {policy.name}: {role} is not on the list for {policy.command}"


def the_lists_are_true(schema: Schema) -> Iterator[str]:
    named = {*lists.WITHOUT_TENANT, *lists.NARROW, *lists.WITHOUT_CONTACT, *(each.table for each in lists.ADMITTED)}
    for name in named - schema.tables.keys():
        yield f"table {name} is on a list of the audit but not in the database"
    policies = {(role, each.table, each.command) for each in schema.policies for role in each.roles}
    for each in lists.ADMITTED:
        table = schema.tables.get(each.table)
        if table and table.of_a_tenant and (each.role, each.table, each.command) not in policies:
            yield f"table {each.table}: {each.role} is on the list for {each.command} but has no such policy"


def unique_keys_hold_the_tenant(schema: Schema) -> Iterator[str]:
    for index in schema.indexes:
        table = schema.tables.get(index.table)
        if table and table.of_a_tenant and (index.unique or index.exclusion) and "tenant_id" not in index.columns:
            yield f"table {index.table}: the unique key {index.name} leaves tenant_id out"


def foreign_keys_hold_the_tenant(schema: Schema) -> Iterator[str]:
    for key in schema.foreign_keys:
        if ("tenant_id", "tenant_id") not in zip(key.columns, key.target_columns, strict=True):
            yield f"table {key.table}: the foreign key {key.name} does not lead tenant_id to tenant_id of {key.target}"


def foreign_keys_have_an_index(schema: Schema) -> Iterator[str]:
    for key in schema.foreign_keys:
        if not supported(schema, key):
            yield f"table {key.table}: no index begins with ({', '.join(key.columns)}), which {key.name} needs"


def supported(schema: Schema, key: ForeignKey) -> bool:
    # The check compares each column with a value, so an index without the null ones serves it too.
    partial = {f"({column} IS NOT NULL)" for column in key.columns} | {None}
    return any(
        index.valid and index.predicate in partial and set(index.columns[: len(key.columns)]) == set(key.columns)
        for index in schema.indexes
        if index.table == key.table
    )


def roles_stay_below_row_security(schema: Schema) -> Iterator[str]:
    for role in schema.roles:
        if role.bypasses and not role.superuser:
            yield f"role {role.name} has BYPASSRLS"
        if role.name not in lists.OURS:
            continue
        powers = {
            "is a superuser": role.superuser,
            "may make roles": role.makes_roles,
            "may make databases": role.makes_databases,
            "may replicate": role.replicates,
            f"is a member of {', '.join(role.member_of)}": bool(role.member_of),
        }
        yield from (f"role {role.name} {power}" for power, has in powers.items() if has)


def the_owner_owns_everything(schema: Schema) -> Iterator[str]:
    owners = {each.name: each.owner for each in schema.relations} | {each.name: each.owner for each in schema.functions}
    for name, owner in owners.items():
        if owner != lists.OWNER:
            yield f"{name} belongs to {owner}, not to {lists.OWNER}"


def nobody_has_more_rights(schema: Schema) -> Iterator[str]:
    relations = {relation.name: relation for relation in schema.relations}
    for right in schema.rights:
        relation = relations.get(right.object)
        if right.kind != "relation" or relation is None or right.grantee == right.owner:
            continue
        if not (app_may(relation, right) or is_admitted(right)):
            column = f" ({right.column})" if right.column else ""
            yield f"{right.object}{column}: {right.grantee} must not have the right to {right.privilege}"


def app_may(relation: Relation, right: Right) -> bool:
    if right.grantee != lists.APP:
        return False
    if relation.kind == "v":
        return right.privilege == "select"
    if relation.kind not in "rp" or not relation.of_a_tenant:
        return False
    narrow = lists.NARROW.get(relation.name)
    return right.privilege in (narrow.commands if narrow else lists.FULL)


def is_admitted(right: Right) -> bool:
    wanted = (right.grantee, right.object, right.privilege)
    return any(
        wanted == (each.role, each.table, each.command) and (not each.columns or right.column in each.columns)
        for each in lists.ADMITTED
    )


def nobody_may_add_to_the_schema(schema: Schema) -> Iterator[str]:
    for right in schema.rights:
        if right.kind in {"schema", "database"} and right.privilege == "create" and right.grantee in {*ROLES, "public"}:
            yield f"{right.kind} {right.object}: {right.grantee} must not have the right to create in it"
        if right.kind == "database" and (right.grantee, right.privilege) == ("public", "connect"):
            yield f"database {right.object}: the right to connect must be given by name, not to public"
        if right.kind == "default" and right.grantee != right.owner:
            yield f"default privileges of {right.owner} in {right.object} give {right.privilege} to {right.grantee}"


def nothing_goes_around_row_security(schema: Schema) -> Iterator[str]:
    for relation in schema.relations:
        if relation.kind == "v" and not _ON & set(relation.options):
            yield f"view {relation.name} is not security_invoker, so it shows every tenant what its owner sees"
        if relation.kind == "m":
            yield f"materialized view {relation.name}: row-level security does not reach it"
        if relation.kind == "f":
            yield f"foreign table {relation.name}: row-level security does not reach it"
    for function in schema.functions:
        if function.definer:
            yield f"function {function.name} is SECURITY DEFINER, so it acts as {function.owner}"


def aggregates_have_a_version(schema: Schema) -> Iterator[str]:
    for table in schema.tenant_tables:
        version = table.by_name.get("version")
        changes = {"id", "updated_at"} <= table.by_name.keys()
        if changes and not (version and version.required and version.type in {"integer", "bigint"}):
            yield f"table {table.name}: what can change needs `version integer not null` against lost updates"


def personal_data_can_be_found(schema: Schema) -> Iterator[str]:
    chosen = {(each.table, each.column) for each in schema.choices}
    for table in schema.tables.values():
        content = {
            column.name
            for column in table.by_name.values()
            if column.type.startswith(_CONTENT) and (table.name, column.name) not in chosen
        }
        listed = lists.WITHOUT_CONTACT.get(table.name)
        unjudged = content - listed.columns if listed else content
        if unjudged and "contact_id" not in table.by_name and not expires(table):
            yield (
                f"table {table.name}: {', '.join(sorted(unjudged))} may hold personal data, so its rows must name "
                f"contact_id, expire within {lists.LONGEST_DAYS} days, or be judged on the list"
            )


def expires(table: Relation) -> bool:
    column = table.by_name.get("expires_at")
    days = re.search(r"'(\d+) days?'::interval", column.default or "") if column else None
    return bool(column and column.required and days and int(days[1]) <= lists.LONGEST_DAYS)


RULES: tuple[Rule, ...] = (
    tables_name_their_tenant,
    rows_are_secured,
    the_application_sees_one_tenant,
    others_see_what_is_listed,
    the_lists_are_true,
    unique_keys_hold_the_tenant,
    foreign_keys_hold_the_tenant,
    foreign_keys_have_an_index,
    roles_stay_below_row_security,
    the_owner_owns_everything,
    nobody_has_more_rights,
    nobody_may_add_to_the_schema,
    nothing_goes_around_row_security,
    aggregates_have_a_version,
    personal_data_can_be_found,
)
