import pytest

from infra.local.filters import InvalidFilter, parse

ATTRIBUTES = {"kind": "message.created", "tenant": "a", "x-y_1": "1", "a/b": 'say "hi"', "empty": ""}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("", True),
        ('attributes.kind = "message.created"', True),
        ('attributes.kind="message.deleted"', False),
        ('attributes.kind != "message.deleted"', True),
        ('attributes.absent != "x"', True),
        ('attributes.absent = ""', False),
        ("attributes:tenant", True),
        ("attributes:absent", False),
        ('hasPrefix(attributes.kind, "message.")', True),
        ('hasPrefix(attributes.kind, "chat.")', False),
        ('hasPrefix(attributes.absent, "")', False),
        ('hasPrefix(attributes.empty, "")', True),
        ("NOT attributes:absent", True),
        ("-attributes:tenant", False),
        ("NOT NOT attributes:tenant", True),
        ('attributes:tenant AND attributes.kind = "x"', False),
        ('attributes:tenant OR attributes.kind = "x"', True),
        ("attributes:absent OR attributes:absent OR attributes:tenant", True),
        ('attributes:absent AND (attributes:tenant OR attributes.kind = "x")', False),
        ("NOT (attributes:absent OR attributes:tenant)", False),
        ('attributes.x-y_1 = "1"', True),
        (r'attributes."a/b" = "say \"hi\""', True),
        ('attributes:"a/b"', True),
    ],
)
def test_a_filter_decides_by_attributes(expression, expected):
    assert parse(expression)(ATTRIBUTES) is expected


@pytest.mark.parametrize(
    "expression",
    [
        "kind",
        'data = "x"',
        "attributes",
        "attributes.kind",
        "attributes.kind = created",
        'attributes.kind == "x"',
        'attributes.kind > "x"',
        'attributes.kind = "x',
        "attributes:a AND",
        "attributes:a attributes:b",
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        "attributes:a)",
        'hasPrefix(attributes:a, "x")',
        "hasPrefix(attributes.a)",
        r'attributes.a = "\q"',
        'attributes.a = "' + "x" * 256 + '"',
        "attributes.=",
    ],
)
def test_what_is_not_a_filter_is_refused_with_a_reason(expression):
    with pytest.raises(InvalidFilter, match=r"\w"):
        parse(expression)
