import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from shared.kernel.errors import Invalid
from shared.kernel.values import Email, Name, PhoneNumber, Timezone, Url


@pytest.mark.parametrize(
    "raw", ["+5511912345678", "+55 11 91234-5678", "+55 (11) 91234.5678", "  +55 11 912345678 ", "\uff0b5511912345678"]
)
def test_a_phone_number_has_one_spelling(raw):
    assert PhoneNumber(raw) == "+5511912345678"


@pytest.mark.parametrize(
    "raw", ["", "11912345678", "+", "+5511", "+55119123456789012", "+999123456789", "ana", "+55 11 ana"]
)
def test_a_phone_number_needs_its_country_and_its_digits(raw):
    with pytest.raises(Invalid):
        PhoneNumber(raw)


@pytest.mark.parametrize(
    ("number", "other"),
    [
        ("+5511912345678", "+551112345678"),
        ("+5511987654321", "+551187654321"),
        ("+551187654321", "+5511987654321"),
        ("+558499991234", "+5584999991234"),
    ],
)
def test_a_brazilian_mobile_has_a_spelling_with_and_one_without_the_ninth_digit(number, other):
    assert PhoneNumber(number).variants() == (other,)


@pytest.mark.parametrize(
    "number",
    [
        "+551132345678",  # a landline
        "+5511932345678",  # without its nine it would be somebody's landline
        "+14155552671",
        "+5491123456789",  # Argentina has a nine of its own
        "+351912345678",
    ],
)
def test_landlines_and_foreigners_have_one_spelling(number):
    assert PhoneNumber(number).variants() == ()


@given(st.from_regex(r"\+55[1-9][1-9]9?[0-9]{8}", fullmatch=True))
def test_variants_are_mutual_and_never_the_number_itself(raw):
    number = PhoneNumber(raw)
    for variant in number.variants():
        assert variant != number
        assert variant.variants() == (number,)


def test_bare_digits_of_a_provider_are_a_number_or_nothing():
    assert PhoneNumber.from_digits("5511912345678") == "+5511912345678"
    for digits in ("", "123", "120363041234567890", "status"):
        assert PhoneNumber.from_digits(digits) is None


def test_an_email_has_one_spelling():
    assert Email("Ana.Souza@Example.COM") == "ana.souza@example.com"


@given(st.emails())
def test_an_email_that_was_accepted_is_accepted_as_it_is(raw):
    try:
        email = Email(raw)
    except Invalid:
        reject()
    assert Email(email) == email
    assert email == email.lower()


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@example",
        "a na@example.com",
        "ana@exa mple.com",
        "ana@example.com\n",
        "ana\0@example.com",
    ],
)
def test_what_cannot_be_written_to_is_no_email(raw):
    with pytest.raises(Invalid):
        Email(raw)


@pytest.mark.parametrize("raw", ["https://waha.example.com", "http://10.0.0.1:3000/path?x=1", "https://[::1]/"])
def test_a_url_stays_as_it_was_written(raw):
    assert Url(raw) == raw


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "waha.example.com",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://exa mple.com",
        "https://a\\b",
        "https://a\nb",
        "javascript:alert(1)",
        "https://[::1",
    ],
)
def test_what_is_not_a_full_web_address_is_no_url(raw):
    with pytest.raises(Invalid):
        Url(raw)


def test_a_timezone_knows_its_clock():
    assert Timezone("America/Sao_Paulo").info.key == "America/Sao_Paulo"


@pytest.mark.parametrize("raw", ["", "Brasilia", "america/sao_paulo", "../etc/passwd", "UTC-3", "America/Sao_Paulo "])
def test_a_timezone_is_known_by_its_iana_name(raw):
    with pytest.raises(Invalid):
        Timezone(raw)


def test_a_name_has_no_space_around_it():
    assert Name("  Padaria Aurora ") == "Padaria Aurora"
    assert Name("\U0001f469\u200d\U0001f373 Ção") == "\U0001f469\u200d\U0001f373 Ção"
    assert len(Name("x" * 200)) == 200


@pytest.mark.parametrize("raw", ["", "  ", "x" * 201, "two\nlines", "a\0b", "a\u2028b", "\x7f", "tab\there"])
def test_a_name_is_one_line(raw):
    with pytest.raises(Invalid):
        Name(raw)
