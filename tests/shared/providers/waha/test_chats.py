"""Making a group: what each engine answers, and what others might."""

import pytest

from infra.fakes.waha import FakeWaha
from infra.fakes.waha_groups import Made, answer
from shared.providers import guard
from shared.providers.waha.chats import ChatControl, Founded
from shared.providers.waha.client import Unknown

GROUP = "120363000000000001@g.us"
BIA, CAIO = "5511900000002@c.us", "5511900000003@c.us"


@pytest.fixture(scope="module")
def fake():
    with FakeWaha() as running:
        yield running


@pytest.fixture
def ask(fake, monkeypatch, request):
    """Have a group made by a server of an engine that answers as it is told to."""

    def asking(engine="GOWS", told=None, unwilling=()):
        session = fake.add_session(request.node.name, engine, api_key="secret")
        session.unwilling = list(unwilling)
        if told is not None:
            monkeypatch.setattr("infra.fakes.waha_groups.answer", lambda *_: told)
        http = guard.client(frozenset({fake.address}), total_seconds=5, most_bytes=1024 * 1024)
        with ChatControl(base_url=fake.url, api_key="secret", session=session.name, engine=engine, http=http) as waha:
            return waha.found("Pedidos", [BIA, CAIO])

    return asking


@pytest.mark.parametrize("engine", ["WEBJS", "WPP", "NOWEB", "GOWS"])
def test_every_engine_says_where_it_is_and_who_is_in_it(fake, ask, engine):
    founded = ask(engine, unwilling=[CAIO])
    assert founded.address == fake.state.acts[-1].chat_id
    assert (BIA in founded.taken, CAIO in founded.taken, founded.refused) == (True, False, {CAIO})


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ({"id": GROUP}, set()),
        ({"gid": {"user": GROUP.partition("@")[0], "server": "g.us"}, "participants": None}, set()),
        ({"JID": GROUP, "Participants": [{"LID": "100000000000001@lid", "PhoneNumber": BIA}, 7, None]}, {BIA}),
        ({"id": GROUP, "participants": [BIA, {"id": CAIO, "status": "Olá"}]}, {BIA, CAIO}),
        ({"id": GROUP, "participants": {BIA: 3, CAIO: {"error": None, "code": "409"}}}, {BIA, CAIO}),
    ],
)
def test_what_is_left_out_or_strange_is_not_believed(ask, told, taken):
    founded = ask(told=told)
    assert (founded.address, founded.refused, founded.taken & {BIA, CAIO}) == (GROUP, frozenset(), taken)


@pytest.mark.parametrize(
    "told", [None, False, [], {}, "CreateGroupError", {"id": BIA}, {"id": 7}, {"gid": None}, {"success": False}]
)
def test_an_answer_without_a_group_leaves_it_unknown(ask, told):
    with pytest.raises(Unknown):
        ask(told=told if told is not None else {"id": None})


def test_the_shapes_differ(fake):
    shapes = [
        answer(fake.add_session("s", each, api_key="x"), Made(GROUP, [BIA], "P")) for each in ("WPP", "NOWEB", "GOWS")
    ]
    assert [next(iter(each)) for each in shapes] == ["title", "id", "JID"]


def test_nobody_is_both_in_it_and_refused(ask):
    told = {"id": GROUP, "participants": [{"id": BIA}, {"id": BIA, "error": 403}]}
    assert ask(told=told) == Founded(address=GROUP, taken=frozenset(), refused=frozenset({BIA}))
