import itertools

import pytest

from shared.crm.messages.words import in_words
from shared.kernel.inbound import Card, Location, Media, MessageType
from tests.shared.crm.samples import arrived

VOICE = Media(url="https://files.example/a.oga", mimetype="audio/ogg", duration_seconds=12)
BILL = Media(url="https://files.example/b.pdf", file_name="nota-fiscal.pdf")


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        ({"text": "Oi, tudo bem?"}, "Oi, tudo bem?"),
        ({"type": MessageType.VOICE, "text": None, "media": VOICE}, "[áudio 0:12]"),
        ({"type": MessageType.AUDIO, "text": None, "media": Media(duration_seconds=3723)}, "[áudio 62:03]"),
        ({"type": MessageType.IMAGE, "text": "Olha a foto", "media": Media()}, "[imagem] Olha a foto"),
        ({"type": MessageType.VIDEO, "text": None, "media": Media(duration_seconds=0)}, "[vídeo 0:00]"),
        ({"type": MessageType.DOCUMENT, "text": None, "media": BILL}, "[documento nota-fiscal.pdf]"),
        ({"type": MessageType.DOCUMENT, "text": None, "media": None}, "[documento]"),
        ({"type": MessageType.STICKER, "text": None, "media": Media()}, "[figurinha]"),
        (
            {
                "type": MessageType.LOCATION,
                "text": None,
                "location": Location(latitude="-23.55", longitude="-46.63", name="Praça da Sé"),
            },
            "[localização Praça da Sé]",
        ),
        ({"type": MessageType.CONTACT, "text": None, "cards": (Card(vcard="BEGIN:VCARD"),)}, "[contato]"),
        ({"type": MessageType.POLL, "text": "Qual sabor?"}, "[enquete] Qual sabor?"),
        ({"type": MessageType.EVENT, "text": None}, "[evento]"),
        ({"type": MessageType.UNKNOWN, "text": None}, "[mensagem]"),
        ({"type": MessageType.UNKNOWN, "text": "só texto"}, "só texto"),
        ({"text": None}, ""),
    ],
)
def test_a_message_in_words(facts, line):
    assert in_words(arrived(**facts)) == line


def test_every_kind_of_message_but_text_has_a_placeholder():
    silent = [kind for kind in MessageType if not in_words(arrived(type=kind, text=None))]
    assert silent == [MessageType.TEXT]
    assert len({*itertools.chain(MessageType)}) > 10
