import pytest

from shared.crm.messages.cards import is_same, vcard

ANA = vcard("Ana, a Lima; filha", "+5511987654321")


@pytest.mark.parametrize(
    "spelled",
    [
        ANA,
        ANA.replace("\n", "\r\n"),
        f"{ANA}\n",
        ANA.replace("FN:Ana", "FN:A\r\n na"),
        ANA.replace("TEL;", "item1.TEL;").replace("FN:", "N:Lima;Ana;;;\nFN:"),
        ANA.replace("waid=5511987654321:+5511987654321", "waid=5511987654321:+55 11 98765-4321"),
        "BEGIN:VCARD\nFN:Ana\\, a Lima\\; filha\nTEL:+55 11 98765-4321\nEND:VCARD",
        "BEGIN:VCARD\nTEL:+5511987654321\nEND:VCARD",
        "BEGIN:VCARD\nfn;charset=UTF-8:Ana, a  Lima; filha\nEND:VCARD",
    ],
)
def test_it_is_the_same_however_it_is_spelled(spelled):
    assert is_same(ANA, spelled)
    assert is_same(spelled, ANA)


@pytest.mark.parametrize(
    "other",
    [
        vcard("Ana, a Lima; filha", "+5511987654322"),
        vcard("Ana Lima", "+5511987654321"),
        ANA.replace("END:VCARD", "TEL;waid=5511900000001:+5511900000001\nEND:VCARD"),
        "BEGIN:VCARD\nTEL:+5511987654322\nEND:VCARD",
    ],
)
def test_another_number_or_name_is_another_card(other):
    assert not is_same(ANA, other)


@pytest.mark.parametrize("garbage", ["", ":", "\n \n", "TEL", "FN:\\", ":::", "TEL;waid=:", "\0" * 9, "x" * 100_000])
def test_what_is_no_card_does_no_harm(garbage):
    assert is_same(ANA, garbage) in {True, False}
