import json
import re
from argparse import Namespace

import pytest

from infra import manifest, openapi
from shared.runtime.declarations import Routed
from shared.runtime.http import Endpoint
from shared.runtime.parsing import adapter
from tests.infra.documents.validity import breaches

SHOP = "tests.infra.samples.shop"
DECLARED = manifest.declarations()


@pytest.fixture(scope="module")
def document():
    """The description of the whole API."""
    return openapi.document(DECLARED)


@pytest.fixture(scope="module")
def shop():
    return openapi.document(manifest.declarations(SHOP))


def named(document):
    return {each["operationId"]: each for each in openapi.operations(document)}


def test_the_document_is_valid(document):
    assert breaches(document) == []


def test_every_routed_function_is_an_operation(document):
    assert named(document).keys() == {each.name for each in DECLARED if isinstance(each, Routed)}


@pytest.mark.parametrize(
    "declared",
    [each for each in DECLARED if isinstance(each, Endpoint) and "body" in each.types],
    ids=lambda it: it.name,
)
def test_the_example_of_a_body_is_one_the_function_takes(document, declared):
    content = named(document)[declared.name]["requestBody"]["content"]["application/json"]
    shown = [content["example"]] if "example" in content else [it["value"] for it in content["examples"].values()]
    assert all(adapter(declared.types["body"]).validate_json(json.dumps(each)) for each in shown)


def test_the_sample_is_valid_too(shop):
    assert breaches(shop) == []


FAULTS = {
    "two operations of one name": lambda it: it["paths"]["/api/v1/sample/greeting"]["get"].update(
        operationId="get_parcel"
    ),
    "a path parameter that is not declared": lambda it: it["paths"]["/api/v1/sample/parcels/{id}"]["get"].pop(
        "parameters"
    ),
    "a reference to nothing": lambda it: it["components"]["schemas"].pop("Size"),
    "an example that does not fit": lambda it: body_of(it).update(example={"label": 7}),
    "a body without an example": lambda it: body_of(it).pop("example"),
    "a schema that is none": lambda it: body_of(it).update(schema={"type": "text"}),
    "a role without a key": lambda it: it["paths"]["/api/v1/sample/parcels"]["get"].update(security=[]),
}


def body_of(document):
    return document["paths"]["/api/v1/sample/parcels"]["post"]["requestBody"]["content"]["application/json"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_document_is_noticed(shop, fault):
    broken = json.loads(json.dumps(shop))
    FAULTS[fault](broken)
    assert breaches(broken)


def test_an_operation_says_what_it_is(shop):
    pack = named(shop)["pack_parcel"]
    assert (pack["summary"], pack["description"]) == ("Pack a parcel.", "Its label need not be unique.")
    assert pack["tags"] == ["infra samples shop parcels"]
    assert pack["x-role"] == "agent"
    assert pack["security"] == [{"bearer": []}, {"apiKey": []}]
    assert "description" not in named(shop)["get_parcel"]


def test_a_list_has_paging_its_sorts_and_the_filters_of_its_source(shop):
    given = {each["name"]: each for each in named(shop)["list_parcels"]["parameters"]}
    assert {"limit", "cursor", "page", "sort", "filter[size]", "filter[created_at][gte]"} <= given.keys()
    assert re.search(given["sort"]["schema"]["pattern"], "created_at:asc,weight_grams:desc")
    assert not re.search(given["sort"]["schema"]["pattern"], "created_at:asc,phone:desc")
    assert given["filter[size]"]["schema"] == {"$ref": "#/components/schemas/Size"}
    assert "filter[label]" not in given
    assert "filter[size][gt]" not in given
    assert given["limit"]["schema"]["maximum"] == 100
    assert given["cursor"]["schema"] == {"type": "string", "maxLength": 4096}


def schema(operation, status):
    return operation["responses"][status]["content"]["application/json"]["schema"]


def test_a_filter_by_a_whole_number_says_how_large_it_may_be(document):
    given = {each["name"]: each["schema"] for each in named(document)["list_contacts"]["parameters"]}
    assert (given["filter[score]"]["minimum"], given["filter[score]"]["maximum"]) == (-(2**63) + 1, 2**63 - 1)


def test_a_list_answers_in_the_envelope_and_one_thing_bare(shop):
    assert schema(named(shop)["list_parcels"], "200") == {"$ref": "#/components/schemas/ParcelPage"}
    listed = shop["components"]["schemas"]["ParcelPage"]
    assert listed["required"] == ["data", "paging", "meta"]
    assert listed["properties"]["data"]["items"] == {"$ref": "#/components/schemas/ParcelView"}
    assert schema(named(shop)["pack_parcel"], "201") == {"$ref": "#/components/schemas/ParcelView"}


def test_every_field_of_an_answer_is_there(shop):
    view = shop["components"]["schemas"]["ParcelView"]
    assert view["required"] == list(view["properties"])


def test_a_body_has_an_example_with_what_its_author_gave(shop):
    content = body_of(shop)
    assert content["schema"] == {"$ref": "#/components/schemas/NewParcel"}
    assert content["example"] == {
        "label": "label",
        "size": "small",
        "items": [{"sku": "ABC-1"}],
        "call": "+5511912345678",
        "note": "fragile",
    }


@pytest.mark.parametrize(
    ("operation", "statuses"),
    [
        ("greet_parcels", "200 500 503"),
        ("draw_parcels", "200 500"),
        ("list_parcels", "200 400 401 403 429 500 503"),
        ("get_parcel", "200 401 403 404 429 500 503"),
        ("pack_parcel", "201 400 401 403 404 409 413 422 429 500 503"),
        ("burn_parcel", "204 400 401 403 404 409 412 413 422 429 500 503"),
        ("take_parcel", "200 400 401 404 413 500 503"),
    ],
)
def test_the_errors_are_those_that_can_happen(shop, operation, statuses):
    assert list(named(shop)[operation]["responses"]) == statuses.split()


def test_what_a_function_declares_beyond_that_is_there_too(document):
    assert "401" in named(document)["login"]["responses"]
    assert "401" not in named(document)["register"]["responses"]


def test_a_webhook_names_its_signature(shop):
    headers = {each["name"]: each for each in named(shop)["take_parcel"]["parameters"] if each["in"] == "header"}
    assert headers["X-Webhook-Hmac"]["required"]
    assert named(shop)["take_parcel"]["x-role"] == "signed"


def test_a_function_that_makes_its_own_response_names_its_kind(shop):
    assert list(named(shop)["draw_parcels"]["responses"]["200"]["content"]) == ["image/svg+xml"]


def test_definitions_that_nothing_refers_to_are_left_out(shop):
    assert "PageQuery" not in shop["components"]["schemas"]
    assert {"Error", "Paging", "Meta", "Item"} <= shop["components"]["schemas"].keys()


def test_a_list_without_a_source_is_refused(monkeypatch):
    declared = next(each for each in manifest.declarations(SHOP) if each.name == "list_parcels")
    monkeypatch.delattr("tests.infra.samples.parcels.PARCELS")
    monkeypatch.setitem(declared.handler.__globals__, "PARCELS", None)
    with pytest.raises(TypeError, match="list_parcels must name one Source of ParcelView"):
        openapi.document([declared])


def test_the_check_names_what_differs(tmp_path, monkeypatch, capsys):
    found = manifest.declarations(SHOP)
    monkeypatch.setattr(manifest, "declarations", lambda: found)
    monkeypatch.setattr(openapi, "FILE", tmp_path / "openapi.json")
    monkeypatch.setattr(openapi, "RELEASED", tmp_path / "released.json")
    assert openapi.run(Namespace(check=False, release=True)) == 0
    assert "7 operations" in capsys.readouterr().out
    assert openapi.run(Namespace(check=True, release=False)) == 0
    monkeypatch.setattr(manifest, "declarations", lambda: [each for each in found if each.name != "burn_parcel"])
    assert openapi.run(Namespace(check=True, release=False)) == 1
    assert "burn_parcel is in it but no longer declared" in capsys.readouterr().err
