"""The local responder: answers by the tenant's own rules, in Portuguese, English or Spanish, always the same way."""

import re
from datetime import datetime, time
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from shared.ai.responders.base import Answer, Question, Speaker
from shared.ai.responders.configured import configured
from shared.ai.responders.language import Language, guess, words_of

NAME = "rules"
MODEL = "rules-1"
_PLACEHOLDER = re.compile(
    r"\[(áudio|imagem|vídeo|documento|figurinha|localização|contato|enquete|evento|mensagem)[^\]]*\]"
)
_VOICE = "áudio"
_ASKS_FOR_PERSON = (
    "atendente, humano, humana, pessoa, falar com alguem, atendimento humano, human, agent, representative, person, "
    "talk to someone, speak to someone, speak with someone, agente, persona, hablar con alguien, operador, asesor, "
    "representante"
)
_MEANS_NO_ONE = "por pessoa, por persona, per person"  # as in "quanto custa por pessoa?"
_HELLO = (
    "oi, oie, ola, opa, e ai, bom dia, boa tarde, boa noite, tudo bem, tudo bom, hi, hello, hey, good morning, "
    "good afternoon, good evening, hola, buenas, buenos dias, buenas tardes, buenas noches, que tal"
)
_THANKS = (
    "obrigado, obrigada, muito obrigado, muito obrigada, valeu, ok, certo, perfeito, beleza, combinado, tchau, "
    "thanks, thank you, thank you very much, thanks a lot, great, bye, gracias, muchas gracias, vale, adios, perfecto"
)

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = Annotated[int, Field(ge=0, le=6)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Texts(_Part):
    """One thing said in each language."""

    pt: Sentence
    en: Sentence
    es: Sentence

    def __getitem__(self, language: Language) -> str:
        said: str = getattr(self, language)
        return said


GREETING = Texts(
    pt="Olá! Que bom falar com você. Como posso ajudar?",
    en="Hello! Good to hear from you. How can I help?",
    es="¡Hola! Qué gusto saludarte. ¿En qué puedo ayudar?",
)
THANKS = Texts(
    pt="Nós é que agradecemos! Se precisar de mais alguma coisa, é só escrever.",
    en="Thank you! If you need anything else, just write.",
    es="¡Gracias a ti! Si necesitas algo más, solo escribe.",
)
FALLBACK = Texts(
    pt="Obrigado pela mensagem! Ainda não sei responder a isso. Se preferir falar com uma pessoa, escreva “atendente”.",
    en="Thank you for writing! I cannot answer that yet. If you would rather talk to a person, write “human”.",
    es="¡Gracias por tu mensaje! Todavía no sé responder a eso. Si prefieres hablar con una persona, escribe “agente”.",
)
HANDOVER = Texts(
    pt="Claro! Vou chamar uma pessoa da nossa equipe; ela continua a conversa com você por aqui.",
    en="Of course! I am calling somebody from our team, who will go on with you right here.",
    es="¡Claro! Voy a llamar a una persona de nuestro equipo, que seguirá contigo por aquí.",
)
VOICE = Texts(
    pt="Recebi o seu áudio, mas ainda não consigo ouvir áudios. Uma pessoa vai ouvir; se preferir, escreva para mim.",
    en="I have your voice message, but I cannot listen to audio yet. A person will; or write to me if you like.",
    es="Recibí tu audio, pero todavía no puedo escuchar audios. Una persona lo hará; si prefieres, escríbeme.",
)
FILE = Texts(
    pt="Recebi o que você enviou, mas ainda não consigo abrir. Uma pessoa vai ver; se preferir, escreva para mim.",
    en="I have what you sent, but I cannot open it yet. A person will look at it; or write to me if you like.",
    es="Recibí lo que enviaste, pero todavía no puedo abrirlo. Una persona lo verá; si prefieres, escríbeme.",
)
CLOSED = Texts(
    pt="Obrigado pela mensagem! Agora estamos fechados; respondemos assim que abrirmos.",
    en="Thank you for writing! We are closed just now and will answer as soon as we open.",
    es="¡Gracias por tu mensaje! Ahora estamos cerrados; respondemos en cuanto abramos.",
)


class Keyword(_Part):
    """What to say when the customer writes one of these words or phrases; accents and case do not matter."""

    words: Annotated[list[Word], Field(min_length=1, max_length=30)]
    reply: Sentence
    hands_over: bool = False


class Hours(_Part):
    """When somebody is there, in the project's time: `days` from 0 for Monday; `closes` before `opens` is the next day.

    Outside of it `closed_reply` is said instead of the greeting and the fallback.
    """

    days: Annotated[list[Day], Field(min_length=1, max_length=7)]
    opens: Clock = "08:00"
    closes: Clock = "18:00"
    closed_reply: Sentence | Texts = CLOSED

    @model_validator(mode="after")
    def _is_some_time(self) -> Self:
        if self.opens == self.closes:
            raise ValueError("opens and closes must differ; leave the hours out when it is always open")
        return self

    def hold(self, now: datetime) -> bool:
        """Whether it is open at that local time."""
        opens, closes, clock = time.fromisoformat(self.opens), time.fromisoformat(self.closes), now.time()
        if opens < closes:
            return now.weekday() in self.days and opens <= clock < closes
        after_midnight = (now.weekday() - 1) % 7 in self.days and clock < closes
        return after_midnight or (now.weekday() in self.days and clock >= opens)


class Rules(_Part):
    """A bot agent's configuration. Every text may be one for all languages, or one for each."""

    keywords: Annotated[list[Keyword], Field(max_length=100)] = []
    hours: Hours | None = None
    greeting: Sentence | Texts = GREETING
    thanks: Sentence | Texts = THANKS
    fallback: Sentence | Texts = FALLBACK
    handover: Sentence | Texts = HANDOVER
    voice: Sentence | Texts = VOICE
    file: Sentence | Texts = FILE


class RulesResponder:
    def answer(self, question: Question) -> Answer:
        """Answer by the first rule that fits: a person is asked for, a keyword, files alone, closed, hello, thanks."""
        rules = configured(Rules, question.config)
        heard = (turn.text for turn in reversed(question.turns) if turn.speaker is Speaker.CUSTOMER)
        written = _without_placeholders(question.text)
        said, hands_over = _choose(rules, question, written)
        text = said if isinstance(said, str) else said[guess(written, *map(_without_placeholders, heard))]
        return Answer(text=text, hands_over=hands_over, responder=NAME, model=MODEL)


def _choose(rules: Rules, question: Question, written: str) -> tuple[str | Texts, bool]:
    phrase = _phrase(written)
    if _says(_without(phrase, _MEANS_NO_ONE), _ASKS_FOR_PERSON.split(",")):
        return rules.handover, True
    for keyword in rules.keywords:
        if _says(phrase, keyword.words):
            return keyword.reply, keyword.hands_over
    return _otherwise(rules, question, phrase), False


def _otherwise(rules: Rules, question: Question, phrase: str) -> str | Texts:
    sent = {found[1] for found in _PLACEHOLDER.finditer(question.text)}
    if sent and not phrase:
        return rules.voice if _VOICE in sent else rules.file
    if rules.hours and not rules.hours.hold(question.now):
        return rules.hours.closed_reply
    beyond_hello = _without(phrase, _HELLO)
    if phrase and not beyond_hello:
        return rules.greeting
    return rules.fallback if _without(beyond_hello, _THANKS) else rules.thanks


def _without_placeholders(text: str) -> str:
    return _PLACEHOLDER.sub(" ", text)


def _phrase(text: str) -> str:
    """The words alone, each between blanks of its own, so that whole words can be looked for."""
    return "".join(f" {word} " for word in words_of(text))


def _says(phrase: str, wanted: list[str]) -> bool:
    return any(_phrase(each) in phrase for each in wanted if _phrase(each))


def _without(phrase: str, unwanted: str) -> str:
    """The phrase less what is listed, the longest first."""
    for each in sorted(unwanted.split(","), key=len, reverse=True):
        phrase = phrase.replace(_phrase(each), "")
    return phrase
