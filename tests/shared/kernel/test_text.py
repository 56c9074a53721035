import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.kernel.errors import Invalid
from shared.kernel.text import Text, clean

anything = st.text(st.characters(codec=None, exclude_categories=()))


class Shout(Text):
    @classmethod
    def check(cls, raw: str) -> str:
        if not raw.isupper():
            raise Invalid("speak up")
        return raw


@given(anything)
@example("\0")
@example("\ud83d\ude00")
@example("\udc00\ud800")
def test_what_is_cleaned_can_be_kept_by_postgres(raw):
    kept = clean(raw)
    assert "\0" not in kept
    assert kept.encode("utf-8").decode("utf-8") == kept
    assert clean(kept) == kept


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_what_is_clean_stays_as_it_is(raw):
    assert clean(raw) == raw


def test_halves_that_belong_together_become_their_letter():
    assert clean("\ud83d\ude00!") == "\U0001f600!"
    assert clean("a\ud83db\0") == "a\ufffdb\ufffd"


def test_a_checked_string_is_a_string():
    assert Shout("HEY") == "HEY"
    assert isinstance(Shout("HEY"), str)
    with pytest.raises(Invalid, match="speak up"):
        Shout("hey")


def test_a_checked_string_is_read_and_written_as_one():
    adapter = TypeAdapter(Shout)
    assert type(adapter.validate_json('"HEY"')) is Shout
    assert adapter.dump_json(Shout("HEY")) == b'"HEY"'
    for wrong in ('"hey"', "1", "null"):
        with pytest.raises(ValidationError):
            adapter.validate_json(wrong)
