import pytest

from shared.ai.responders.language import Language, fold, guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Oi, quanto custa o bolo de cenoura?", Language.PT),
        ("vocês entregam amanhã?", Language.PT),
        ("Qual o horário de vocês", Language.PT),
        ("how much is the carrot cake?", Language.EN),
        ("Do you deliver on Sundays", Language.EN),
        ("hi there", Language.EN),
        ("Hola, ¿cuánto cuesta el pastel?", Language.ES),
        ("¿Tienen entrega mañana?", Language.ES),
        ("buenas tardes, quiero hacer un pedido", Language.ES),
    ],
)
def test_common_words_tell_the_language(text, language):
    assert guess(text) is language


@pytest.mark.parametrize("text", ["", "👍", "[áudio 0:12]", "1234", "Priscila"])
def test_what_tells_nothing_is_taken_for_portuguese(text):
    assert guess(text) is Language.PT


def test_what_was_said_before_tells_when_the_text_does_not():
    assert guess("ok", "how much is it?", "oi, quanto custa?") is Language.EN


def test_accents_and_case_are_laid_aside():
    assert fold("NÃO É Ñandú") == "nao e nandu"
