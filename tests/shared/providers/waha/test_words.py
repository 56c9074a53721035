"""What messages say that have no body, and bodies that say nothing."""

import pytest

from shared.kernel.inbound import MessageType
from tests.shared.providers.waha.test_messages import read

TEXT = MessageType.TEXT
PLACE = {"type": "location", "lat": 1.5, "lng": 2.5}


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        ({"buttonsResponseMessage": {"Response": {"SelectedDisplayText": "Sim"}}}, TEXT, "Sim"),
        ({"buttonsResponseMessage": {"selectedDisplayText": "Sim"}}, TEXT, "Sim"),
        ({"listResponseMessage": {"title": "Manhã", "description": "8-12"}}, TEXT, "Manhã\n8-12"),
        ({"listResponseMessage": {"title": "Manhã"}}, TEXT, "Manhã"),
        ({"listResponseMessage": {"title": "", "description": "8-12"}}, TEXT, "8-12"),
        ({"listMessage": {"title": "T", "description": "Quando?", "footerText": "F"}}, MessageType.LIST, "Quando?"),
        ({"listMessage": {"title": "T", "description": "", "footerText": "F"}}, MessageType.LIST, "T"),
        ({"listMessage": {"footerText": "F"}}, MessageType.LIST, "F"),
        ({"interactiveResponseMessage": {"body": {"text": "Sim"}}}, TEXT, "Sim"),
        ({"interactiveMessage": {"body": {"text": "Oi"}, "header": {"title": "T"}}}, TEXT, "Oi"),
        ({"templateMessage": {"hydratedTemplate": {"hydratedContentText": "Oi"}}}, TEXT, "Oi"),
        ({"eventMessage": {"name": "Festa", "description": "Venha"}}, MessageType.EVENT, "Venha"),
        ({"eventMessage": {"name": "Festa"}}, MessageType.EVENT, "Festa"),
        ({"groupInviteMessage": {"groupName": "G", "caption": "Entre"}}, TEXT, "Entre"),
        ({"groupInviteMessage": {"groupName": "G"}}, MessageType.UNKNOWN, None),
        ({"orderMessage": {"message": "Quero dois"}}, TEXT, "Quero dois"),
        ({"pollCreationMessageV4": {"message": {"pollCreationMessage": {"name": "?"}}}}, MessageType.POLL, "?"),
        ({"pollCreationMessageV4": {"name": "?"}}, MessageType.POLL, "?"),
        ({"liveLocationMessage": {"degreesLatitude": 1, "caption": "A caminho"}}, MessageType.LOCATION, "A caminho"),
    ],
)
@pytest.mark.parametrize(("engine", "name"), [("GOWS", "Message"), ("NOWEB", "message")])
def test_without_a_body_the_engines_own_message_speaks(engine, name, told, kind, words):
    found = read(engine, body=None, _data={name: told})
    assert (found.type, found.text) == (kind, words)


def test_a_choice_quotes_what_it_was_made_from():
    told = {"interactiveResponseMessage": {"body": {"text": "Sim"}, "contextInfo": {"stanzaId": "3EB0BB"}}}
    assert read("NOWEB", body=None, _data={"message": told}).quoted_external_id == "3EB0BB"


def test_wpp_asks_a_poll_in_its_own_words():
    found = read("WPP", body=None, _data={"type": "poll_creation", "pollName": "Quando?"})
    assert (found.type, found.text) == (MessageType.POLL, "Quando?")


@pytest.mark.parametrize(
    ("loc", "name", "street"),
    [("Loja\nRua 1\nCentro", "Loja", "Rua 1\nCentro"), ("Loja", "Loja", None), ("\nRua 1", None, "Rua 1")],
)
def test_wpp_tells_a_places_name_and_address_in_one(loc, name, street):
    place = read("WPP", body="/9j/4AAQ", _data={**PLACE, "loc": loc, "isLive": True}).location
    assert place is not None
    assert (place.name, place.address, place.live) == (name, street, True)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"_data": {**PLACE, "comment": "Aqui"}}, "Aqui"),
        ({"_data": PLACE, "location": {"description": "Aqui"}}, "Aqui"),
        ({"_data": {**PLACE, "loc": "Loja\nRua 1"}, "location": {"description": "Loja\nRua 1"}}, None),
    ],
)
@pytest.mark.parametrize("picture", ["/9j/4AAQ", "iVBORw0KGgo"])
def test_a_picture_of_a_place_is_no_text_but_a_comment_is(picture, payload, words):
    found = read("WPP", body=picture, **payload)
    assert (found.type, found.text) == (MessageType.LOCATION, words)


def test_a_picture_in_the_body_is_no_caption():
    assert read("WPP", body="/9j/4AAQ", hasMedia=True, _data={"type": "image", "caption": "Oi"}).text == "Oi"
    assert read("WPP", body="/9j/4AAQ", _data={"type": "chat"}).text == "/9j/4AAQ"
