from datetime import datetime

import pytest

from shared.ai.responders.base import Answer, ResponderError
from shared.ai.responders.rules import (
    CLOSED,
    FALLBACK,
    FILE,
    GREETING,
    HANDOVER,
    THANKS,
    VOICE,
    RulesResponder,
)
from tests.shared.ai.responders.questions import ZONE, customer, question, us

HOURS = {"days": [0, 1, 2, 3, 4], "opens": "08:00", "closes": "18:00"}
PRICE = {"words": ["preço", "quanto custa"], "reply": "O bolo custa R$ 40."}


def answer(text: str, *turns, **more) -> Answer:
    return RulesResponder().answer(question(text, *turns, **more))


def test_the_answer_says_who_made_it():
    assert answer("oi") == Answer(text=GREETING.pt, hands_over=False, responder="rules", model="rules-1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Quero falar com um ATENDENTE", HANDOVER.pt),
        ("tem alguma pessoa aí?", HANDOVER.pt),
        ("posso falar com alguém?", HANDOVER.pt),
        ("isso é um robô? quero um humano!", HANDOVER.pt),
        ("can I talk to a person", HANDOVER.en),
        ("I want an agent please", HANDOVER.en),
        ("a human, please", HANDOVER.en),
        ("necesito hablar con una persona", HANDOVER.es),
        ("quiero hablar con un agente", HANDOVER.es),
    ],
)
def test_who_asks_for_a_person_gets_one(text, expected):
    given = answer(text)
    assert (given.text, given.hands_over) == (expected, True)


@pytest.mark.parametrize("text", ["quanto custa por pessoa?", "mesa para 4 pessoas", "personagem", "humanidade"])
def test_words_that_only_resemble_do_not_hand_over(text):
    assert answer(text).hands_over is False


@pytest.mark.parametrize("text", ["Quanto  CUSTA o bolo?", "preco?", "qual o PREÇO, por favor", "quánto custa"])
def test_a_keyword_is_found_whatever_its_case_and_accents(text):
    assert answer(text, keywords=[PRICE]).text == "O bolo custa R$ 40."


def test_a_keyword_is_a_whole_word():
    assert answer("preços", keywords=[PRICE]).text == FALLBACK.pt


def test_the_first_keyword_that_fits_wins_and_may_hand_over():
    complaint = {"words": ["quanto custa o frete"], "reply": "Vou ver o frete.", "hands_over": True}
    given = answer("quanto custa o frete?", keywords=[complaint, PRICE])
    assert (given.text, given.hands_over) == ("Vou ver o frete.", True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[áudio 0:12]", VOICE.pt),
        ("[áudio 0:12] [áudio 1:03]", VOICE.pt),
        ("[imagem]", FILE.pt),
        ("[documento nota-fiscal.pdf]", FILE.pt),
        ("[imagem] [áudio 0:04]", VOICE.pt),
        ("[localização Praça da Sé]", FILE.pt),
    ],
)
def test_files_alone_are_answered_honestly_and_not_handed_over(text, expected):
    given = answer(text)
    assert (given.text, given.hands_over) == (expected, False)


def test_what_is_said_of_files_can_be_configured():
    assert answer("[áudio 0:12]", voice="Só texto, por favor.").text == "Só texto, por favor."


def test_words_beside_a_file_are_what_counts():
    assert answer("[imagem] quanto custa este?", keywords=[PRICE]).text == "O bolo custa R$ 40."


def test_a_file_is_answered_in_the_language_of_the_conversation():
    assert answer("[áudio 0:12]", customer("do you deliver?"), us("Yes")).text == VOICE.en


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oi! Bom dia, tudo bem?", GREETING.pt),
        ("hello", GREETING.en),
        ("¡Hola! Buenas tardes", GREETING.es),
        ("oi oi oi", GREETING.pt),
        ("muito obrigada!!", THANKS.pt),
        ("thanks", THANKS.en),
        ("ok, gracias", THANKS.es),
        ("👍", THANKS.pt),
        ("vocês fazem entrega em Osasco?", FALLBACK.pt),
        ("do you ship to Osasco?", FALLBACK.en),
        ("¿hacen entregas en Osasco?", FALLBACK.es),
    ],
)
def test_hello_thanks_and_the_rest_have_words_of_their_own(text, expected):
    given = answer(text)
    assert (given.text, given.hands_over) == (expected, False)


@pytest.mark.parametrize(
    ("day", "clock", "is_open"),
    [
        (9, "08:00", True),
        (9, "07:59", False),
        (13, "17:59", True),
        (13, "18:00", False),
        (14, "12:00", False),
        (15, "12:00", False),
    ],
)
def test_outside_the_hours_the_closed_reply_is_said(day, clock, is_open):
    now = datetime.fromisoformat(f"2026-03-{day:02}T{clock}").replace(tzinfo=ZONE)
    assert answer("vocês têm bolo?", now=now, hours=HOURS).text == (FALLBACK.pt if is_open else CLOSED.pt)


@pytest.mark.parametrize(
    ("stamp", "is_open"), [("13T23:00", True), ("14T01:59", True), ("14T02:00", False), ("13T01:00", False)]
)
def test_hours_may_go_past_midnight(stamp, is_open):
    now = datetime.fromisoformat(f"2026-03-{stamp}:00").replace(tzinfo=ZONE)
    hours = {"days": [4], "opens": "18:00", "closes": "02:00"}
    assert answer("vocês têm bolo?", now=now, hours=hours).text == (FALLBACK.pt if is_open else CLOSED.pt)


def test_keywords_and_people_are_there_while_it_is_closed():
    sunday = datetime(2026, 3, 15, 12, 0, tzinfo=ZONE)
    assert answer("quanto custa?", now=sunday, hours=HOURS, keywords=[PRICE]).text == "O bolo custa R$ 40."
    assert answer("quero um atendente", now=sunday, hours=HOURS).hands_over is True


def test_texts_may_be_one_for_all_languages_or_one_for_each():
    texts = {"pt": "Sim?", "en": "Yes?", "es": "¿Sí?"}
    assert answer("hello", greeting=texts).text == "Yes?"
    assert answer("hello", greeting="Padaria Aurora, bom dia!").text == "Padaria Aurora, bom dia!"


def test_the_same_question_has_the_same_answer():
    assert len({answer("vocês têm bolo?", keywords=[PRICE]).text for _ in range(20)}) == 1


def test_a_configuration_that_no_longer_fits_is_said_so():
    with pytest.raises(ResponderError, match="save it again") as raised:
        answer("oi", unknown=1)
    assert raised.value.passing is False
