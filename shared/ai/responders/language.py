"""Guessing whether a text is Portuguese, English or Spanish, by its commonest words."""

import re
import unicodedata
from enum import StrEnum


class Language(StrEnum):
    PT = "pt"
    EN = "en"
    ES = "es"


# Only words that tell the three apart; what two of them share says nothing.
_COMMON = {
    Language.PT: """
        ai ainda agora amanha aqui ate boa bom bem cade com da das de dia do dos e ela ele em essa esse esta estou eu
        fica fazer foi gostaria hoje isso ja la mais mas me meu minha muito na nao nas nem no nos num o obrigada
        obrigado oi ola onde os ou para pela pelo pode posso pra pro qual quais quando quanto quantos quero sao se
        seu sim so sua tambem tarde tchau tem tenho ter tudo um uma vai vcs vc voce voces vou
    """,
    Language.EN: """
        a about am an and any are at be can could do does for from good have hello hey hi how i in is it know like
        morning much my need of on or please price speak talk thank thanks that the there this to today want was we
        what when where which who will with would yes you your
    """,
    Language.ES: """
        adios ahora al algo alguien aqui bien buena buenas bueno buenos cual cuales cuando cuanto cuantos cuesta de
        del dia dias donde el ella ellos en es esta este esto estoy gracias hablar hasta hay hola hoy la las lo los
        manana mas me mi mucho muy necesito noches pero por puede puedo que quiero quisiera se si su tambien tarde
        tardes tiene tienen tengo todavia todo una un usted ustedes y ya yo
    """,
}
WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}
_WORD = re.compile(r"\w+")


def fold(text: str) -> str:
    """Lay case and accents aside: "Não É" becomes "nao e"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def words_of(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def guess(*texts: str) -> Language:
    """The language of the first text that tells; Portuguese when none does, or when two languages come out even."""
    for text in texts:
        found = words_of(text)
        scores = {language: sum(word in known for word in found) for language, known in WORDS.items()}
        best = max(scores.values())
        if best:
            return next(language for language in Language if scores[language] == best)
    return Language.PT
