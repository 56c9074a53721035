import pytest

from shared.ai.responders.config import validate_config
from shared.kernel.errors import Invalid


def test_what_was_given_is_kept_without_the_defaults():
    given = {"keywords": [{"words": [" preço "], "reply": "R$ 40"}], "hours": {"days": [0, 6], "opens": "09:30"}}
    kept = validate_config("rules", given)
    assert kept == {"keywords": [{"words": ["preço"], "reply": "R$ 40"}], "hours": {"days": [0, 6], "opens": "09:30"}}
    assert validate_config("rules", kept) == kept
    assert validate_config("rules", {}) == {}


def test_instructions_are_trimmed_and_options_kept():
    given = {"instructions": " Venda bolos. ", "temperature": 0.5}
    assert validate_config("gemini", given) == {"instructions": "Venda bolos.", "temperature": 0.5}


@pytest.mark.parametrize(
    ("responder", "config", "field"),
    [
        ("rules", {"keyword": []}, "config.keyword"),
        ("rules", {"keywords": [{"words": [], "reply": "x"}]}, "config.keywords.0.words"),
        ("rules", {"keywords": [{"words": ["x"], "reply": " "}]}, "config.keywords.0.reply"),
        ("rules", {"keywords": [{"words": ["x"], "reply": "y"}] * 101}, "config.keywords"),
        ("rules", {"keywords": [{"words": ["x"], "reply": "y" * 2001}]}, "config.keywords.0.reply"),
        ("rules", {"hours": {"days": [7]}}, "config.hours.days.0"),
        ("rules", {"hours": {"days": [1], "opens": "8:00"}}, "config.hours.opens"),
        ("rules", {"hours": {"days": [1], "opens": "24:00"}}, "config.hours.opens"),
        ("rules", {"hours": {"days": [1], "opens": "08:00", "closes": "08:00"}}, "config.hours"),
        ("gemini", {}, "config.instructions"),
        ("gemini", {"instructions": "x", "temperature": 2.5}, "config.temperature"),
        ("gemini", {"instructions": "x", "max_output_tokens": 10**6}, "config.max_output_tokens"),
        ("gemini", {"instructions": "x", "tools": []}, "config.tools"),
    ],
)
def test_what_does_not_fit_is_named(responder, config, field):
    with pytest.raises(Invalid) as raised:
        validate_config(responder, config)
    assert field in {each["field"] for each in raised.value.details["fields"]}


def test_an_unknown_responder_is_refused_with_the_known_ones():
    with pytest.raises(Invalid, match="rules and gemini"):
        validate_config("oracle", {})
