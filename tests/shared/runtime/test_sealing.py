import base64
import secrets

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime.sealing import seal, unseal
from tests.support.environment import environment


def a_key():
    return base64.b64encode(secrets.token_bytes(32)).decode()


@given(st.text(st.characters(codec="utf-8")))
def test_what_is_sealed_can_be_opened(secret):
    assert unseal(seal(secret, belongs_to="channel:1:key"), belongs_to="channel:1:key") == secret


def test_a_sealed_secret_shows_nothing_and_never_looks_the_same():
    first, second = (seal("hunter2", belongs_to="channel:1:key") for _ in range(2))
    assert first != second
    assert "hunter2" not in first
    assert b"hunter2" not in base64.b64decode(first.partition(":")[2])


@pytest.mark.parametrize("elsewhere", ["channel:2:key", "channel:1:hmac", ""])
def test_a_secret_moved_to_another_row_stays_shut(elsewhere):
    sealed = seal("hunter2", belongs_to="channel:1:key")
    with pytest.raises(InvalidTag):
        unseal(sealed, belongs_to=elsewhere)


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_a_changed_byte_is_noticed(at):
    key_id, _, body = seal("hunter2", belongs_to="row").partition(":")
    raw = bytearray(base64.b64decode(body))
    raw[at] ^= 1
    with pytest.raises(InvalidTag):
        unseal(f"{key_id}:{base64.b64encode(raw).decode()}", belongs_to="row")


def test_an_older_key_of_the_ring_opens_what_it_sealed():
    old, new = a_key(), a_key()
    with environment({"ENCRYPTION_KEYS": f"k1:{old}"}):
        sealed = seal("hunter2", belongs_to="row")
    with environment({"ENCRYPTION_KEYS": f"k2:{new}, k1:{old}"}):
        assert unseal(sealed, belongs_to="row") == "hunter2"
        assert seal("hunter2", belongs_to="row").startswith("k2:")
    with environment({"ENCRYPTION_KEYS": f"k2:{new}"}), pytest.raises(KeyError):
        unseal(sealed, belongs_to="row")


def test_without_a_key_it_says_what_to_set():
    with environment({"ENCRYPTION_KEYS": ""}), pytest.raises(RuntimeError, match="ENCRYPTION_KEYS"):
        seal("hunter2", belongs_to="row")
