import base64
import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4

import pytest

from shared.kernel.errors import BadRequest
from shared.runtime.identity import tenant_scope
from shared.runtime.paging import PageQuery
from shared.runtime.postgres import connections
from shared.runtime.query import Source, one, only, page
from shared.runtime.settings import settings


@dataclass(frozen=True, kw_only=True)
class PersonView:
    id: UUID
    name: str
    email: str
    version: int
    suspended: bool
    standing: Literal["suspended", "active"]
    password_hash_at: datetime | None
    created_at: datetime


PEOPLE = Source(
    view=PersonView,
    tables="users u",
    alias="u",
    columns={"suspended": "u.status = 'suspended'", "standing": "u.status", "password_hash_at": "u.updated_at"},
    orders={"password_hash_at": "u.created_at"},
    apart={"email": ("t.name", "u.tenant_id in (select t.tenant_id from tenants t where {})")},
    filters=("id", "name", "email", "version", "suspended", "standing", "created_at"),
    sorts=("created_at", "name", "version", "password_hash_at"),
    noun="person",
)
START = 1_770_000_000
# What readers of times take for one, and RFC 3339 does not, or does not say when it is.
LAX = (
    *("2026-02-02", "2026-02-02T02:40:00", "2026-02-02 02:40:00Z", "20260202T024000Z", "2026-W06-1T02:40:00Z"),
    *(
        "2026-02-02T02:40Z",
        "2026-02-02T02Z",
        "2026-02-02T02:40:00,5Z",
        "2026-02-02T02:40:00+03",
        "2026-02-30T02:40:00Z",
    ),
    *(
        "2026-02-02T24:00:00Z",
        "2026-02-02T02:40:00+0300",
        "2026-02-02T02:40:00+24:00",
        "1770000000",
        "2026-02-02T02:40:00Z ",
    ),
    "\u0662026-02-02T02:40:00Z",
)


@pytest.fixture
def people(tenant, world):
    """Twelve people, of whom many share a name or a moment."""
    world.run("delete from logins")
    world.run("delete from api_keys")
    world.run("delete from login_sessions")
    world.run("delete from memberships")
    world.run("delete from users")
    for number in range(12):
        world.run(
            "insert into users (id, tenant_id, version, email, name, status, created_at) values "
            "(:id, :tenant_id, :version, :email, :name, :status, to_timestamp(:at::float8))",
            id=UUID(int=1000 + number),
            tenant_id=tenant.tenant_id,
            version=number,
            email=f"p{number}@example.com",
            name=f"Person {number // 3}",
            status="suspended" if number % 4 == 0 else "active",
            at=START + number // 4,
        )
    return tenant


def ask(tenant, wanted):
    rows = connections(settings().database_url).run(tenant_scope(tenant.tenant_id), wanted.sql)[1]
    return json.loads(rows[0][0] or "") if rows else None


def listed(tenant, filters=None, **query):
    return ask(tenant, page(PEOPLE, PageQuery(**query), filters or {}))


def versions(answer):
    return [each["version"] for each in answer["data"]]


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_one_has_every_field_of_its_view_in_order(people, world):
    person = world.value("select id from users where version = 4")
    found = ask(people, one(PEOPLE, UUID(person)))
    assert list(found) == [field.name for field in fields(PersonView)]
    assert (found["id"], found["suspended"], found["name"]) == (person, True, "Person 1")


def test_one_that_is_not_there_has_no_row(people, other_tenant):
    assert ask(people, one(PEOPLE, uuid4())) is None
    assert ask(people, one(PEOPLE, other_tenant.admin.user_id)) is None


def test_only_needs_no_id(people):
    first = Source(view=PersonView, tables="users u", alias="u", columns=PEOPLE.columns, where="u.version = 7")
    assert ask(people, only(first))["version"] == 7


def test_only_may_name_values(people):
    named = Source(view=PersonView, tables="users u", alias="u", columns=PEOPLE.columns, where="u.version = :number")
    assert ask(people, only(named, number=7))["name"] == "Person 2"


def test_a_sort_may_go_by_another_column(people):
    assert versions(listed(people, sort="password_hash_at:asc", limit=3)) == [0, 1, 2]


def test_a_filter_may_ask_another_table(people):
    assert len(listed(people, {"filter[email]": "Padaria Aurora"})["data"]) == 12
    assert len(listed(people, {"filter[email][contains]": "AURORA"})["data"]) == 12
    assert listed(people, {"filter[email]": "Somebody else"})["data"] == []


@pytest.mark.parametrize(
    "sort",
    [
        *("created_at:desc", "created_at:asc", "name:asc", "name", "version:desc", "password_hash_at"),
        *("name:asc,created_at:asc", "name:desc,created_at:asc", "created_at:desc,name:asc", "created_at,name:desc"),
        *("created_at:asc,name:desc,version:asc", "name:desc,password_hash_at:desc,version:asc"),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 5, 11, 12, 13])
def test_pages_hold_everything_once_in_order_there_and_back(people, sort, limit):
    whole = versions(listed(people, sort=sort, limit=100))
    assert sorted(whole) == list(range(12))
    pages, answer = [], listed(people, sort=sort, limit=limit)
    assert answer["paging"]["previous"] is None
    while True:
        pages.append(versions(answer))
        if answer["paging"]["next"] is None:
            break
        answer = listed(people, sort=sort, limit=limit, cursor=answer["paging"]["next"])
    assert [version for each in pages for version in each] == whole
    back: list[list[int]] = []
    while answer["paging"]["previous"] is not None:
        answer = listed(people, sort=sort, limit=limit, cursor=answer["paging"]["previous"])
        back.insert(0, versions(answer))
    assert back == pages[:-1]


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("second", [False, True])
def test_those_alike_by_one_key_are_in_the_order_of_the_next(people, first, second):
    ways = ("desc" if first else "asc", "desc" if second else "asc")
    found = listed(people, sort=f"created_at:{ways[0]},name:{ways[1]}", limit=100)["data"]
    expected = sorted(found, key=lambda each: each["name"], reverse=second)
    expected = sorted(expected, key=lambda each: each["created_at"], reverse=first)
    assert [(each["created_at"], each["name"]) for each in found] == [
        (each["created_at"], each["name"]) for each in expected
    ]


def test_a_field_that_is_named_again_changes_nothing(people):
    whole = listed(people, sort="name:desc,version:asc", limit=100)["data"]
    assert listed(people, sort="name:desc,version:asc,name:asc", limit=100)["data"] == whole


def test_a_row_that_comes_between_pages_is_on_the_page_where_it_belongs(people, world):
    sort = "name:desc,version:asc"
    first = listed(people, sort=sort, limit=4)
    assert versions(first) == [9, 10, 11, 6]
    world.run("update users set version = 6 where version in (1, 7)")
    world.run("update users set name = 'Person 3' where version = 0")
    assert versions(listed(people, sort=sort, limit=3, cursor=first["paging"]["next"])) == [6, 8, 3]


def test_ties_are_in_order_too(people):
    found = listed(people, sort="created_at:asc", limit=100)["data"]
    keys = [(each["created_at"], each["id"]) for each in found]
    assert keys == sorted(keys)


def test_a_page_stays_where_it_was_when_rows_come_before_it(people, world):
    first = listed(people, sort="created_at:asc", limit=4)
    world.run("update users set created_at = to_timestamp(0) where version = 11")
    second = listed(people, sort="created_at:asc", limit=4, cursor=first["paging"]["next"])
    assert versions(second) == [4, 5, 6, 7]


def test_pages_can_be_numbered(people):
    assert versions(listed(people, sort="created_at:asc", limit=5, page=3)) == [10, 11]
    assert versions(listed(people, sort="created_at:asc", limit=5, page=4)) == []


def test_an_empty_list_is_a_list(tenant, other_tenant):
    answer = ask(
        tenant,
        page(PEOPLE, PageQuery.model_validate({}), {}, where="u.tenant_id = :other", other=other_tenant.tenant_id),
    )
    assert answer["data"] == []
    assert answer["paging"] == {"next": None, "previous": None}


def test_a_list_of_nothings_is_nothing(people):
    assert ask(people, page(PEOPLE, PageQuery.model_validate({}), {}, exists="false")) is None


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"filter[name]": "Person 1"}, [3, 4, 5]),
        ({"filter[name][eq]": "Person 1"}, [3, 4, 5]),
        ({"filter[name][contains]": "SON 3"}, [9, 10, 11]),
        ({"filter[name][contains]": "%"}, []),
        ({"filter[name]": "' or true --"}, []),
        ({"filter[suspended]": "true"}, [0, 4, 8]),
        ({"filter[version][gte]": "9"}, [9, 10, 11]),
        ({"filter[version][lt]": "2"}, [0, 1]),
        ({"filter[version][lte]": "-1"}, []),
        ({"filter[version][gt]": f"{-(1 << 63) + 1}", "filter[version][lt]": "1"}, [0]),
        ({"filter[version][gt]": "4", "filter[version][lte]": "6"}, [5, 6]),
        ({"filter[created_at][gt]": "2026-02-02T02:40:01Z"}, [8, 9, 10, 11]),
        ({"filter[created_at][lte]": "2026-02-01T23:40:00-03:00"}, [0, 1, 2, 3]),
        ({"filter[created_at][lt]": "2026-02-02t02:40:00.000z"}, []),
        ({"filter[id]": "0190A4F0-0000-7000-8000-000000000001"}, []),
    ],
)
def test_filters_mean_what_they_say(people, filters, found):
    assert versions(listed(people, filters, sort="created_at:asc")) == found


@pytest.mark.parametrize(
    "filters",
    [
        {"filter[password_hash_at]": "x"},
        {"filter[password_hash]": "x"},
        {"filter[name][like]": "x"},
        {"filter[name]x": "x"},
        {"filter[]": "x"},
        {"filter[name);--]": "x"},
        {"filter[name]": "a\0b"},
        {"filter[name][contains]": "a\0b"},
        {"filter[id]": "x"},
        {"filter[id]": f"urn:uuid:{UUID(int=1000)}"},
        {"filter[id]": UUID(int=1000).hex},
        {"filter[id]": "\u0661" * 32},
        {"filter[version]": "1.5"},
        {"filter[version]": " 5"},
        {"filter[version]": "+5"},
        {"filter[version]": "1_0"},
        {"filter[version]": "\u0665"},
        {"filter[version]": "9" * 19},
        {"filter[version]": "9" * 30},
        {"filter[version]": "9" * 5000},
        {"filter[suspended]": "maybe"},
        {"filter[standing]": "gone"},
        {"filter[standing]": "null"},
        {"filter[created_at][gt]": "yesterday"},
        {"filter[created_at][gt]": "infinity"},
        *({"filter[created_at][gt]": lax} for lax in LAX),
        {"filter[created_at][gt]": "0001-01-01T00:00:00+23:00"},
    ],
)
def test_a_filter_that_cannot_be_meant_is_told(people, filters):
    with pytest.raises(BadRequest):
        listed(people, filters)


@pytest.mark.parametrize(
    "sort",
    [
        "",
        "email:asc",
        "created_at:up",
        ":asc",
        "name:asc,",
        "name:asc,email:asc",
        "name,created_at,version,name",
        "u.name",
    ],
)
def test_a_sort_that_is_not_offered_is_told(people, sort):
    with pytest.raises(BadRequest) as caught:
        listed(people, sort=sort)
    assert caught.value.code == "bad_sort"


AT, KEY = "2026-02-02T02:40:00+00:00", "0190a4f0-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "x",
        "%%%",
        cursor("created_at", "next", [AT], KEY),
        cursor("created_at,name", "next", [AT, "x"], KEY),
        "é",
        cursor(),
        cursor(1, 2, 3, 4),
        cursor("created_at", "next", AT),
        cursor("created_at", "next", AT, "no id"),
        cursor("created_at", "next", AT, f"urn:uuid:{KEY}"),
        cursor("created_at", "next", AT, f" {KEY}"),
        cursor("created_at", "next", AT, "0_190a4f00000700080000000000001"),
        cursor("created_at", "next", AT, "\u0661" * 32),
        cursor("created_at", "next", AT, [KEY]),
        cursor("created_at", "sideways", AT, KEY),
        cursor("created_at", ["next"], AT, KEY),
        cursor("created_at", {}, AT, KEY),
        cursor(["created_at"], "next", AT, KEY),
        cursor("created_at", "next", "yesterday", KEY),
        cursor("created_at", "next", None, KEY),
        cursor("created_at", "next", 7, KEY),
        cursor("created_at", "next", True, KEY),
        cursor("created_at", "next", {"a": 1}, KEY),
        cursor("created_at", "next", "0001-01-01T00:00:00+23:00", KEY),
        cursor("name", "next", "Person 1", KEY),
        cursor("email", "next", "x", KEY),
        base64.b64encode(b"[" * 700).decode(),
    ],
)
def test_a_cursor_that_no_list_gave_out_is_told(people, bad):
    with pytest.raises(BadRequest) as caught:
        listed(people, cursor=bad)
    assert caught.value.code == "bad_cursor"


def test_a_cursor_cannot_carry_what_postgres_refuses(people):
    for text in ("a\0", "\ud800"):
        with pytest.raises(BadRequest):
            listed(people, sort="name", cursor=cursor("name", "next", text, KEY))


def test_a_cursor_with_any_offset_is_understood(people):
    shifted = cursor("created_at", "next", "2026-02-03T01:40:00+23:00", "ffffffff-ffff-ffff-ffff-ffffffffffff")
    assert versions(listed(people, sort="created_at:asc", limit=2, cursor=shifted)) == [4, 5]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("name,version", "x"),
        ("name,version", ["x"]),
        ("name,version", ["x", 1, 2]),
        ("name,version", ["x", "y"]),
        ("name,version", ["a\0", 1]),
        ("name,version", [1.5, 1]),
        ("version,name", [1, "x"]),
        ("name", "x"),
    ],
)
def test_a_cursor_of_several_keys_holds_each(people, name, values):
    with pytest.raises(BadRequest) as caught:
        listed(people, sort="name:asc,version:desc", cursor=cursor(name, "next", values, KEY))
    assert caught.value.code == "bad_cursor"


def test_a_cursor_leads_nowhere_outside_the_tenant(people, other_tenant):
    following = listed(people, limit=2)["paging"]["next"]
    names = {each["email"] for each in listed(other_tenant, cursor=following, limit=100)["data"]}
    assert names.isdisjoint({f"p{number}@example.com" for number in range(12)})


@pytest.mark.parametrize("bad", ["x", "1.5", 1.5, True, None, [1], 1 << 63])
def test_a_cursor_holds_what_its_order_goes_by(people, bad):
    with pytest.raises(BadRequest) as caught:
        listed(people, sort="version:asc", cursor=cursor("version", "next", bad, KEY))
    assert caught.value.code == "bad_cursor"


def test_a_count_may_be_a_text_in_a_cursor(people):
    assert versions(listed(people, sort="version:asc", cursor=cursor("version", "next", "10", KEY))) == [11]
