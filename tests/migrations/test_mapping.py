from contextlib import closing
from enum import StrEnum
from importlib import import_module

import pytest
from sqlalchemy import BigInteger, Boolean, DateTime, String, Table, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from infra.local.postgres import connect
from infra.migrate import ROOT
from infra.schema import read
from shared.runtime.mapping import mappers

STORES = sorted((ROOT / "shared").rglob("store.py"))
KEPT_BY_POSTGRES = {"created_at", "updated_at", "name_folded"}
# What a column of the dataclass may be in Postgres.
TYPES = {
    Uuid: {"uuid"},
    String: {"text"},
    BigInteger: {"bigint", "integer", "smallint"},
    Boolean: {"boolean"},
    DateTime: {"timestamp with time zone"},
    JSONB: {"jsonb"},
}

# WhatsApp invents new kinds faster than large tables should be altered.
UNCHECKED = {("messages", "type"), ("media_files", "kind")}


def mapped():
    """The tables of all aggregates by name; importing a store maps its own."""
    for file in STORES:
        import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    ours = [mapper for mapper in mappers.mappers if mapper.class_.__module__.startswith("shared.")]
    tables = [mapper.local_table for mapper in ours]
    return {table.name: table for table in tables if isinstance(table, Table)}


MAPPED = mapped()


@pytest.fixture(scope="module")
def schema(migrated):
    with closing(connect(migrated.owner_url)) as connection:
        return read(connection)


@pytest.fixture(params=sorted(MAPPED))
def pair(request, schema):
    """An aggregate's columns as its dataclass has them, and as its table has them."""
    assert request.param in schema.tables, f"there is no table {request.param}"
    ours = {column.name: column for column in MAPPED[request.param].columns if column.name not in KEPT_BY_POSTGRES}
    theirs = schema.tables[request.param].by_name
    return ours, {name: column for name, column in theirs.items() if name not in KEPT_BY_POSTGRES}


def test_every_store_maps_an_aggregate():
    assert len(MAPPED) >= len(STORES) > 0


def test_both_have_the_same_columns(pair):
    ours, theirs = pair
    assert set(ours) == set(theirs)


def test_both_agree_on_what_may_be_missing(pair):
    ours, theirs = pair
    assert {name for name, column in ours.items() if not column.nullable} == {
        name for name, column in theirs.items() if column.required
    }


def test_both_agree_on_types(pair):
    ours, theirs = pair
    wrong = {name: theirs[name].type for name in ours.keys() & theirs if theirs[name].type not in types_of(ours[name])}
    assert wrong == {}


def types_of(column):
    plain = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return TYPES[type(plain)]


def is_enum(kind):
    return isinstance(kind, type) and issubclass(kind, StrEnum)


def test_both_allow_the_same_words(pair, schema, request):
    ours, _ = pair
    table = request.node.callspec.params["pair"]
    allowed = {choice.column: set(choice.values) for choice in schema.choices if choice.table == table}
    words = {
        name: {str(member) for member in column.type.kind}
        for name, column in ours.items()
        if is_enum(getattr(column.type, "kind", None)) and (table, name) not in UNCHECKED
    }
    assert words == {name: allowed.get(name) for name in words}
