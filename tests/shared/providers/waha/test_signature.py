"""A webhook's signature: the documented vector, and everything that is almost one."""

import json

import pytest

from shared.providers.waha.signature import sign, verify
from tests.shared.providers.waha.samples import FOLDER

VECTOR = json.loads((FOLDER / "_hmac_vector.json").read_text())
KEY, BODY, GOOD = VECTOR["secret"], VECTOR["raw_body"].encode(), VECTOR["X-Webhook-Hmac"]


def flipped(text: str, at: int) -> str:
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def test_the_documented_vector_holds():
    assert verify(BODY, GOOD, KEY, "sha512")
    assert verify(BODY, GOOD, KEY, None)
    assert sign(BODY, KEY) == GOOD


@pytest.mark.parametrize("at", [0, 1, 31, 32, 63, 64, 100, 127])
def test_one_changed_digit_is_refused(at):
    assert not verify(BODY, flipped(GOOD, at), KEY, "sha512")


@pytest.mark.parametrize("at", [0, 10, len(BODY) - 1])
def test_one_changed_byte_of_the_body_is_refused(at):
    changed = bytearray(BODY)
    changed[at] ^= 1
    assert not verify(bytes(changed), GOOD, KEY, "sha512")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        GOOD.upper(),
        GOOD[:-1],
        GOOD[:64],
        GOOD + "0",
        GOOD + "\n",
        f" {GOOD}",
        f"sha512={GOOD}",
        "é" * 128,
        "\uff10" * 128,
        "\0" * 128,
        "\ud800" * 128,
        "g" * 128,
        "0" * 128,
    ],
)
def test_a_malformed_signature_is_refused(header):
    assert not verify(BODY, header, KEY, "sha512")


@pytest.mark.parametrize("algorithm", ["sha256", "SHA512", "", "none", "sha512 ", "é"])
def test_another_algorithm_is_refused(algorithm):
    assert not verify(BODY, GOOD, KEY, algorithm)


@pytest.mark.parametrize("key", ["", "other", KEY.upper(), KEY + " ", "\ud800"])
def test_another_key_is_refused(key):
    assert not verify(BODY, GOOD, key, "sha512")


def test_an_empty_key_signs_nothing_that_is_accepted():
    assert not verify(BODY, sign(BODY, ""), "", "sha512")
