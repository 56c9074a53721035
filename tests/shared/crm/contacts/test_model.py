from dataclasses import replace
from uuid import UUID

import pytest

from shared.crm.contacts.events import ContactCreated
from shared.crm.contacts.model import Contact, ContactSource, Qualification, with_variants
from shared.kernel.identities import Identity, IdentityKind
from tests.shared.crm.samples import NOON, PROJECT, TENANT, names

MERGE = UUID(int=9)


def made(name=""):
    contact = Contact.create(tenant_id=TENANT, project_id=PROJECT, source=ContactSource.MESSAGE, name=name)
    contact.collect()
    return contact


def phone(number):
    return Identity(kind=IdentityKind.PHONE, value=number)


def test_a_contact_says_where_it_came_from_but_not_who_it_is():
    contact = Contact.create(tenant_id=TENANT, project_id=PROJECT, source=ContactSource.API, name="Ana")
    assert contact.collect() == [ContactCreated(contact_id=contact.id, source="api")]


def test_people_are_called_as_we_call_them_or_else_as_they_call_themselves():
    contact = made()
    contact.introduce(None)
    assert contact.name == ""
    contact.introduce("Ana")
    contact.introduce("Aninha 🌸")
    assert contact.name == "Ana"
    assert names(contact) == ["contact.updated"]


def test_renaming_to_the_same_name_is_no_change():
    contact = made("Ana")
    contact.rename("Ana")
    assert names(contact) == []


def test_a_judgement_is_told_where_it_says_something_new():
    contact = made()
    contact.qualify(70, Qualification.QUALIFIED)
    contact.qualify(70, Qualification.QUALIFIED)
    contact.qualify(20, Qualification.QUALIFIED)
    contact.qualify(20, Qualification.DISQUALIFIED)
    assert (contact.score, contact.qualification) == (20, Qualification.DISQUALIFIED)
    assert names(contact) == [
        "contact.score_changed",
        "contact.lead_qualified",
        "contact.score_changed",
        "contact.lead_disqualified",
    ]


@pytest.mark.parametrize(("ours", "theirs", "score"), [(None, 60, 60), (10, 60, 10), (10, None, 10), (None, None, 0)])
def test_two_who_are_one_keep_the_survivors_judgement_if_there_is_one(ours, theirs, score):
    survivor, other = made(), made()
    for contact, told in ((survivor, ours), (other, theirs)):
        if told is not None:
            contact.qualify(told, Qualification.QUALIFIED)
    survivor.absorb(other, MERGE)
    assert survivor.score == score
    assert survivor.qualification is (None if ours is theirs is None else Qualification.QUALIFIED)


def test_who_was_deleted_can_come_back_once():
    contact = made()
    contact.delete(NOON)
    contact.delete(NOON)
    assert contact.deleted_at == NOON
    contact.restore()
    contact.restore()
    assert contact.deleted_at is None
    assert names(contact) == ["contact.deleted", "contact.restored"]


@pytest.mark.parametrize(
    ("survivors", "others", "name"), [("", "Ana", "Ana"), ("Ana", "Bia", "Ana"), ("Ana", "", "Ana"), ("", "", "")]
)
def test_two_who_are_one_keep_the_survivors_name_if_it_has_one(survivors, others, name):
    survivor, other = made(survivors), made(others)
    survivor.absorb(other, MERGE)
    assert survivor.name == name
    assert other.merged_into_id == survivor.id
    assert names(survivor)[-1] == "contact.merged"


def test_a_brazilian_mobile_is_known_with_and_without_its_ninth_digit():
    spellings = with_variants(phone("+5511987654321"))
    assert [(each.value, is_variant) for each, is_variant in spellings] == [
        ("+5511987654321", False),
        ("+551187654321", True),
    ]
    assert [each.value for each, _ in with_variants(phone("+551187654321"))] == ["+551187654321", "+5511987654321"]


@pytest.mark.parametrize(
    "identity",
    [
        phone("+551132654321"),
        phone("+15550001111"),
        Identity(kind=IdentityKind.LID, value="551187654321"),
        Identity(kind=IdentityKind.EXTERNAL, value="551187654321@x"),
    ],
    ids=lambda identity: identity.value,
)
def test_landlines_foreigners_and_ids_have_one_spelling(identity):
    assert with_variants(identity) == ((identity, False),)


@pytest.mark.parametrize(("name", "left"), [("", ""), ("Bia", "Bia")])
def test_two_who_were_one_are_as_they_were(name, left):
    survivor, other = made(name), made("Ana")
    other.qualify(60, Qualification.QUALIFIED)
    before = replace(survivor)
    survivor.absorb(other, MERGE)
    survivor.collect()
    survivor.release(other, before)
    assert (survivor.name, survivor.score, survivor.qualification) == (left, 0, None)
    assert (other.merged_into_id, other.score) == (None, 60)
    assert names(survivor)[-1] == "contact.unmerged"


def test_what_somebody_said_of_them_since_stays():
    survivor, other = made(), made("Ana")
    before = replace(survivor)
    survivor.absorb(other, MERGE)
    survivor.rename("Ana Lima")
    survivor.qualify(90, Qualification.QUALIFIED)
    survivor.release(other, before)
    assert (survivor.name, survivor.score) == ("Ana Lima", 90)


def test_whoever_comes_online_or_goes_is_told_of_when_they_do():
    contact = made()
    for was, is_online in ((None, False), (None, True), (True, True), (True, False), (False, False)):
        contact.seen(was_online=was, is_online=is_online)
    assert [event.is_online for event in contact.collect()] == [True, False]
