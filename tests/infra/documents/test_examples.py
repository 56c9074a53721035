from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from infra.documents.examples import Examples, uuid_like
from infra.documents.schemas import Models
from shared.kernel.values import Email, Name, PhoneNumber, Timezone, Url
from shared.runtime.parsing import adapter


class Shade(StrEnum):
    DARK = "dark"


class Leaf(BaseModel):
    shade: Shade | None = None
    size: int = Field(ge=3, le=5)


class Tree(BaseModel):
    """Holds itself, as a filter with `and` and `or` does."""

    leaves: list[Leaf] = Field(min_length=2)
    branches: "list[Tree]" = []
    inner: "Tree | None" = None


TYPES = [
    *(str, int, bool, UUID, Shade, Leaf, Tree, Name, PhoneNumber, Email, Url, Timezone),
    *(list[Leaf], dict[str, int], Leaf | None, Literal["one", "two"]),
    Annotated[int, Field(gt=7)],
    Annotated[str, Field(min_length=30)],
    Annotated[str, Field(max_length=2)],
]


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_an_example_fits_its_type_and_its_schema(kind):
    models = Models([(kind, "validation")])
    schema = models.of(kind, "validation")
    example = Examples(models).of(schema, "thing")
    adapter(kind).validate_python(example)
    whole = {**schema, "components": {"schemas": models.definitions}}
    assert list(Draft202012Validator(whole).iter_errors(example)) == []
    assert example == Examples(models).of(schema, "thing")


class Order(BaseModel):
    id: UUID
    note: str | None = None
    colour: str | None = Field(None, examples=["red"])


class Change(BaseModel):
    note: str | None = None


@pytest.mark.parametrize(
    ("kind", "fields"), [(Order, {"id", "colour"}), (Change, {"note"})], ids=["what must be sent", "else all"]
)
def test_a_brief_example_leaves_out_what_need_not_be_sent(kind, fields):
    models = Models([(kind, "validation")])
    schema = models.of(kind, "validation")
    assert Examples(models, brief=True).of(schema).keys() == fields
    assert Examples(models).of(schema).keys() == kind.model_fields.keys()


def test_ids_differ_by_name_and_are_of_the_usual_kind():
    assert UUID(uuid_like("contact_id")).version == 7
    assert uuid_like("contact_id") == uuid_like("contact_id") != uuid_like("chat_id")
