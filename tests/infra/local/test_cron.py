from datetime import UTC, datetime

import pytest

from infra.local.cron import Cron

FRIDAY = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
SUNDAY = datetime(2026, 11, 22, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "moment", "expected"),
    [
        ("* * * * *", FRIDAY, True),
        ("*/15 * * * *", FRIDAY, True),
        ("*/7 * * * *", FRIDAY, False),
        ("30 13 * * *", FRIDAY, True),
        ("0,30 8-18 * * 1-5", FRIDAY, True),
        ("0,30 8-18 * * 1-5", SUNDAY, False),
        ("10-50/20 * * * *", FRIDAY, True),
        ("10-50/15 * * * *", FRIDAY, False),
        ("20/5 * * * *", FRIDAY, True),
        ("0 0 * * 0", SUNDAY, True),
        ("0 0 * * 7", SUNDAY, True),
        ("0 0 22 11 *", SUNDAY, True),
        ("0 0 23 11 *", SUNDAY, False),
        ("0 0 1 * 0", SUNDAY, True),
        ("0 0 22 * 1", SUNDAY, True),
        ("0 0 1 * 1", SUNDAY, False),
        ("0 0 22 12 0", SUNDAY, False),
    ],
)
def test_an_expression_names_its_minutes(expression, moment, expected):
    assert Cron.parse(expression).includes(moment) is expected


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "x * * * *", "*/0 * * * *", "5-1 * * * *"]
)
def test_what_is_not_an_expression_is_refused(expression):
    with pytest.raises(ValueError, match=r"\w"):
        Cron.parse(expression)
