import json
import stat
from uuid import UUID

import jwt
import pytest

from infra.local.keys import make_keys
from shared.runtime.identity import issue_token, verify_token
from shared.runtime.sealing import seal, unseal
from tests.support.environment import environment

ID = UUID(int=7)


def test_keys_are_made_once(tmp_path):
    first = make_keys(tmp_path / "cloud")
    assert make_keys(tmp_path / "cloud") == first
    assert make_keys(tmp_path / "other") != first


def test_only_their_owner_reads_them(tmp_path):
    make_keys(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_functions_sign_verify_and_seal_with_them(tmp_path):
    keys = make_keys(tmp_path)
    with environment(keys.environment()):
        token, _ = issue_token(tenant_id=ID, user_id=ID, project_id=ID, session_id=ID)
        assert verify_token(token)["sub"] == str(ID)
        assert unseal(seal("x", belongs_to="row"), belongs_to="row") == "x"


def test_what_is_published_cannot_sign(tmp_path):
    keys = make_keys(tmp_path)
    (public,) = json.loads(keys.token_public_keys)["keys"]
    assert set(public) == {"kty", "crv", "x", "alg", "use", "kid"}
    with pytest.raises(jwt.InvalidKeyError):
        jwt.encode({}, json.dumps(public), "EdDSA")


def test_what_a_crash_left_is_no_hindrance(tmp_path):
    (tmp_path / "keys.draft").write_text("half")
    assert make_keys(tmp_path) == make_keys(tmp_path)
