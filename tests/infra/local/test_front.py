import time
from concurrent.futures import ThreadPoolExecutor

import functions_framework
import jwt
import pytest
from werkzeug.test import Client

from infra.local.front import GATEWAY_ACCOUNT, GATEWAY_ADDRESS, Front
from infra.local.loading import Functions
from infra.local.routes import Routes
from infra.local.tokens import TokenIssuer
from shared.runtime.limits import client_address

BASE = "http://127.0.0.1:1/_functions"
PUSHER = "pusher@ventros-local.iam.gserviceaccount.com"
MODULE = "tests.infra.local.echo"
MANIFEST = {
    "functions": [
        {
            "name": "get_thing",
            "module": MODULE,
            "kind": "endpoint",
            "trigger": {"method": "GET", "path": "/api/v1/things/{thing_id}"},
        },
        {
            "name": "search_things",
            "module": MODULE,
            "kind": "endpoint",
            "trigger": {"method": "GET", "path": "/api/v1/things/search"},
        },
        {
            "name": "delete_thing",
            "module": MODULE,
            "kind": "endpoint",
            "trigger": {"method": "DELETE", "path": "/api/v1/things/{thing_id}"},
        },
        {"name": "answer_preflight", "module": MODULE, "kind": "preflight", "trigger": {"method": "OPTIONS"}},
        {"name": "consume_thing", "module": MODULE, "kind": "consumer", "trigger": {"events": ["thing.made"]}},
    ]
}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    return TokenIssuer(tmp_path_factory.mktemp("issuer"))


@pytest.fixture
def front(tokens, tmp_path):
    return Client(Front(Routes(MANIFEST), Functions(MANIFEST, tmp_path), tokens, BASE, PUSHER))


def headers_at_the_function(front, **sent):
    answer = front.get("/api/v1/things/1", headers={name.replace("_", "-"): value for name, value in sent.items()})
    assert answer.status_code == 200
    return answer.json["headers"]


def push(front, token, name="consume_thing"):
    return front.post(f"/_functions/{name}", headers={"Authorization": f"Bearer {token}"}, data=b"{}")


def test_the_callers_token_moves_and_the_gateways_takes_its_place(front):
    seen = headers_at_the_function(front, Authorization="Bearer mine")
    assert seen["X-Forwarded-Authorization"] == "Bearer mine"
    token = seen["Authorization"].removeprefix("Bearer ")
    assert token.endswith(".SIGNATURE_REMOVED_BY_GOOGLE")
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["aud"], claims["email"]) == (f"{BASE}/get_thing", GATEWAY_ACCOUNT)


def test_a_caller_without_a_token_gets_none_by_writing_the_gateways_header(front):
    seen = headers_at_the_function(front, X_Forwarded_Authorization="Bearer forged")
    assert "X-Forwarded-Authorization" not in seen


def test_the_callers_address_is_added_to_what_it_claims_and_then_the_gateways(front):
    sent = {"headers": {"X-Forwarded-For": "203.0.113.7"}, "environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}}
    seen = front.get("/api/v1/things/1", **sent).json["headers"]["X-Forwarded-For"]
    assert seen == f"203.0.113.7,127.0.0.1,{GATEWAY_ADDRESS}"
    assert client_address(seen) == "127.0.0.1"


def test_an_api_key_passes_untouched(front):
    assert headers_at_the_function(front, X_API_Key="vk_1")["X-Api-Key"] == "vk_1"


def test_a_literal_word_wins_over_a_parameter(front):
    assert front.get("/api/v1/things/search?q=1").json["function"] == "search_things"
    assert front.get("/api/v1/things/other").json["function"] == "get_thing"


def test_a_path_of_words_takes_only_methods_of_its_own(front):
    answer = front.delete("/api/v1/things/search")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/things", "/api/v1/things/", "/api/v1/things/1/2", "/api/v1/things/1%0A", "/_functions"]
)
def test_an_unknown_path_is_answered_in_our_shape(front, path):
    answer = front.get(path, headers={"X-Request-Id": "mine"})
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"
    assert answer.json["error"]["request_id"] == answer.headers["X-Request-Id"] == "mine"


def test_a_wrong_method_is_told_the_right_ones(front):
    answer = front.patch("/api/v1/things/1")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET"
    assert answer.json["error"]["code"] == "method_not_allowed"


def test_one_function_is_asked_before_a_browser_calls_any_public_path(front):
    asked = front.options("/api/v1/things/1", headers={"Origin": "https://app.example.com"})
    assert asked.json["headers"]["Origin"] == "https://app.example.com"
    assert front.options("/api/v1/nothing").status_code == 404


def test_the_cloud_itself_is_let_in_and_its_signature_taken_off(front, tokens):
    answer = push(front, tokens.mint(f"{BASE}/consume_thing", PUSHER))
    assert answer.status_code == 200
    assert answer.json["path"] == "/"
    assert answer.json["headers"]["Authorization"].endswith(".SIGNATURE_REMOVED_BY_GOOGLE")


def test_no_token_no_entry(front):
    assert front.post("/_functions/consume_thing").status_code == 401
    assert push(front, "nonsense").status_code == 401


def test_a_token_for_another_function_is_refused(front, tokens):
    assert push(front, tokens.mint(f"{BASE}/get_thing", PUSHER)).status_code == 401


def test_a_token_of_another_account_is_forbidden(front, tokens):
    assert push(front, tokens.mint(f"{BASE}/consume_thing", "other@example.com")).status_code == 403


def test_a_token_of_another_issuer_is_refused(front, tmp_path):
    stranger = TokenIssuer(tmp_path / "stranger")
    assert push(front, stranger.mint(f"{BASE}/consume_thing", PUSHER)).status_code == 401


def test_a_stripped_token_is_not_good_a_second_time(front, tokens):
    seen = push(front, tokens.mint(f"{BASE}/consume_thing", PUSHER)).json["headers"]["Authorization"]
    assert push(front, seen.removeprefix("Bearer ")).status_code == 401


@pytest.mark.parametrize("name", ["get_thing", "nothing", ""])
def test_only_what_the_cloud_calls_has_an_inner_door(front, tokens, name):
    assert push(front, tokens.mint(f"{BASE}/{name}", PUSHER), name).status_code == 404


def test_a_function_is_loaded_once_however_many_call_first(tmp_path, monkeypatch):
    loads, load = [], functions_framework.create_app

    def load_slowly(*arguments):
        loads.append(arguments)
        time.sleep(0.05)
        return load(*arguments)

    monkeypatch.setattr(functions_framework, "create_app", load_slowly)
    functions = Functions(MANIFEST, tmp_path)
    with ThreadPoolExecutor(8) as threads:
        loaded = list(threads.map(lambda _: functions.get("get_thing"), range(8)))
    assert len(set(map(id, loaded))) == len(loads) == 1


def test_what_is_deployed_is_one_line(tmp_path):
    Functions(MANIFEST, tmp_path).get("get_thing")
    assert (tmp_path / "get_thing" / "main.py").read_text() == f"from {MODULE} import get_thing as get_thing\n"
