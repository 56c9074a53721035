"""What follows upon a message, read from every sample of it."""

from datetime import UTC, datetime

import pytest

from shared.kernel.inbound import Delivery, Edit, InboundMessage, Reaction, ReactionKind, Revocation
from shared.providers.waha.envelope import read_delivery
from tests.shared.providers.waha.samples import NAMES, encoded, sample

CUSTOMER = "+15550001111"
EMOJI, VOTE, ANSWER = ReactionKind
GOING = {"response": "GOING", "guests": 0}
GROUP, VOTER = "120363000000000001@g.us", "15550001111@c.us"

# name: kind, the message's id, who, the value
REACTIONS = {
    "message.reaction__GOWS_add": (EMOJI, "3EB000000000000000113", "100000000000001", "👍"),
    "message.reaction__WEBJS": (EMOJI, "1" * 32, CUSTOMER, "🙏"),
    "poll.vote__NOWEB_dm": (VOTE, "BAE5F2EF5C69001E", CUSTOMER, ["Awesome!"]),
    "poll.vote.failed__NOWEB": (VOTE, "BAE595F4E0A2042C", CUSTOMER, None),
    "event.response__GOWS": (ANSWER, "3EBAAAAAAAAAAAAAAAAAAA", CUSTOMER, GOING),
}
EDITS = {"message.edited__GOWS": ("3AC22AE73E7976000001", "Hello (fixed)")}
REVOCATIONS = {
    "message.revoked__GOWS": "3AC22AE73E7976000001",
    "message.revoked__NOWEB": "3EB0ORIG0000000001",
}


def read(event, **payload) -> Delivery:
    return read_delivery(encoded({**event, "payload": {**event["payload"], **payload}}))


def doers(found: object) -> list[str]:
    assert isinstance(found, Reaction)
    return [each.value for each in found.person.identities] if found.person else []


def test_every_sample_is_expected_here():
    kinds = {"message.reaction", "message.edited", "message.revoked", "poll.vote", "poll.vote.failed", "event.response"}
    assert {name for name in NAMES if sample(name)["event"] in kinds} == {*REACTIONS, *EDITS, *REVOCATIONS}


@pytest.mark.parametrize("name", REACTIONS)
def test_a_reaction_says_who_says_what_to_which_message(name):
    kind, external_id, who, value = REACTIONS[name]
    found = read(sample(name)).content
    assert isinstance(found, Reaction)
    assert (found.kind, found.external_id, found.value) == (kind, external_id, value)
    assert found.person is not None
    assert [each.value for each in found.person.identities] == [who]


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_says_which_message_says_what(name):
    found = read(sample(name)).content
    assert isinstance(found, Edit)
    assert (found.external_id, found.text) == EDITS[name]


@pytest.mark.parametrize("name", REVOCATIONS)
def test_a_revocation_says_which_message(name):
    found = read(sample(name)).content
    assert isinstance(found, Revocation)
    assert found.external_id == REVOCATIONS[name]


def test_our_own_reaction_is_nobodys():
    for told in ({"fromMe": True}, {"from": "me"}, {"fromMe": None, "id": "true_15550001111@c.us_ABC"}):
        found = read(sample("message.reaction__WEBJS"), **told).content
        assert isinstance(found, Reaction)
        assert found.person is None


def test_in_a_group_the_participant_reacts():
    told = {"id": "false_120363000000000001@g.us_ABC_100000000000002@lid", "from": "120363000000000001@g.us"}
    found = read(sample("message.reaction__GOWS_add"), **told, participant=None).content
    assert isinstance(found, Reaction)
    assert found.person is not None
    assert [each.value for each in found.person.identities] == ["100000000000002"]


def voted(engine="WPP", poll="false", **vote):
    event = {**sample("poll.vote__NOWEB_dm"), "engine": engine}
    asked = f"{poll}_{GROUP}_P1_15550002222@c.us"
    told = {"id": asked, "from": GROUP, "to": GROUP, "fromMe": False, "selectedOptions": ["A"], "timestamp": 1}
    return read(event, vote=told | vote, poll={"id": asked}).content


@pytest.mark.parametrize("named", [{"participant": VOTER}, {"from": VOTER}, {"participant": VOTER, "from": VOTER}])
def test_wpp_votes_under_the_polls_id_which_tells_who_asked(named):
    assert doers(voted(**named)) == [CUSTOMER]


def test_a_vote_under_the_id_of_our_poll_is_not_ours():
    assert doers(voted(poll="true", fromMe=None, participant=VOTER)) == [CUSTOMER]


def test_a_vote_that_names_nobody_is_not_that_of_who_asked():
    assert voted() is None


PN, LID, OTHER = "15550001111:3@s.whatsapp.net", "100000000000001@lid", "15550002222@s.whatsapp.net"


@pytest.mark.parametrize(
    ("data", "who"),
    [
        ({"Info": {"SenderAlt": PN}}, [CUSTOMER, "100000000000001"]),
        ({"Info": {"Sender": LID, "SenderAlt": PN}}, [CUSTOMER, "100000000000001"]),
        ({"Info": {"Sender": OTHER, "SenderAlt": "100000000000002@lid"}}, ["100000000000001"]),
        ({"Info": {"SenderAlt": PN, "IsFromMe": True}}, ["100000000000001"]),
        ({"key": {"participant": LID, "participantAlt": PN}}, [CUSTOMER, "100000000000001"]),
        ({"key": {"participant": OTHER, "participantAlt": "100000000000002@lid"}}, ["100000000000001"]),
        ({"key": {"remoteJid": LID, "remoteJidAlt": PN}}, [CUSTOMER, "100000000000001"]),
        ({"key": {"remoteJid": LID, "remoteJidAlt": PN, "fromMe": True}}, ["100000000000001"]),
        ({"key": {"remoteJid": GROUP, "remoteJidAlt": OTHER}}, ["100000000000001"]),
        ({"Info": {"SenderAlt": "15550009999:12@s.whatsapp.net"}}, ["100000000000001"]),
    ],
)
def test_who_does_it_is_known_by_the_other_address_too(data, who):
    vote = {"id": f"false_{GROUP}_V1_{LID}", "from": GROUP, "participant": LID, "fromMe": False, "selectedOptions": []}
    assert doers(read(sample("poll.vote__NOWEB_dm"), vote=vote, _data=data).content) == who
    answer = {"id": f"false_{GROUP}_E1_{LID}", "from": GROUP, "to": LID, "participant": LID}
    assert doers(read(sample("event.response__GOWS"), **answer, _data=data).content) == who


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("message.reaction__WEBJS", {"reaction": {"text": "👍"}}),
        ("message.reaction__WEBJS", {"id": "false_1@g.us_A", "from": "1@g.us", "participant": None}),
        ("message.edited__GOWS", {"editedMessageId": None, "_data": {}}),
        ("message.edited__GOWS", {"body": None, "_data": {}}),
        ("message.revoked__GOWS", {"revokedMessageId": None, "after": None, "_data": {}}),
        ("poll.vote__NOWEB_dm", {"poll": {}}),
        ("event.response__GOWS", {"eventCreationKey": None}),
    ],
)
def test_what_does_not_say_enough_is_kept_with_its_problem(name, told):
    found = read(sample(name), **told)
    assert found.content is None
    assert found.problem


def test_webjs_edits_under_the_messages_own_id_and_knows_no_time_but_the_deliverys():
    event = {**sample("message.edited__GOWS"), "engine": "WEBJS"}
    told = {"id": "false_15550001111@c.us_AAAA", "body": "", "editedMessageId": None, "timestamp": 1}
    found = read(event, **told, _data={"newBody": "Oi!", "prevBody": "Oi"}).content
    assert isinstance(found, Edit)
    assert (found.external_id, found.text) == ("AAAA", "Oi!")
    assert found.at == datetime.fromtimestamp(event["timestamp"] / 1000, UTC)


@pytest.mark.parametrize("text", [{"conversation": "Oi!"}, {"imageMessage": {"caption": "Oi!"}}])
@pytest.mark.parametrize("named", ["M1", None])
def test_noweb_may_wrap_the_edit(text, named):
    when = {"low": 559460064, "high": 415, "unsigned": False}
    protocol = {"key": {"id": "M1"}, "type": 14, "editedMessage": text, "timestampMs": when}
    data = {"message": {"editedMessage": {"message": {"protocolMessage": protocol}}}}
    event = {**sample("message.edited__GOWS"), "engine": "NOWEB"}
    found = read(event, body=None, editedMessageId=named, _data=data).content
    assert isinstance(found, Edit)
    assert (found.external_id, found.text) == ("M1", "Oi!")
    assert found.at == datetime.fromtimestamp(1782970887.904, UTC)


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("NOWEB", {"body": "", "editedMessageId": "M1", "_data": {}}),
        ("WEBJS", {"body": "", "editedMessageId": None, "_data": {"newBody": "", "prevBody": "Oi"}}),
        ("WEBJS", {"body": "Oi", "editedMessageId": "M1", "_data": {"newBody": "", "prevBody": "Oi"}}),
    ],
)
def test_a_removed_caption_leaves_nothing(engine, told):
    event = {**sample("message.edited__GOWS"), "engine": engine}
    found = read(event, id="false_15550001111@c.us_M1", **told).content
    assert isinstance(found, Edit)
    assert (found.external_id, found.text) == ("M1", None)


def test_webjs_may_revoke_under_ids_that_are_not_the_messages():
    event = {**sample("message.revoked__NOWEB"), "engine": "WEBJS"}
    wrong = {"id": "false_15550001111@c.us_WRONG", "timestamp": 1_780_000_000}
    found = read(event, after=wrong, before=wrong, revokedMessageId="RIGHT").content
    assert isinstance(found, Revocation)
    assert found.external_id == "RIGHT"


def test_a_phone_whose_clock_is_wrong_cannot_have_the_last_word_forever():
    event = sample("message.edited__GOWS")
    protocol = event["payload"]["_data"]["Message"]["protocolMessage"]
    protocol["timestampMS"] = 4_000_000_000_000
    found = read(event).content
    assert isinstance(found, Edit)
    assert found.at == datetime.fromtimestamp(event["timestamp"] / 1000, UTC)


def test_a_placeholder_is_a_message_that_cannot_be_read_yet():
    found = read(sample("message.waiting__WEBJS")).content
    assert isinstance(found, InboundMessage)
    assert (found.is_placeholder, found.type, found.text) == (True, "unknown", None)
