import pytest

from infra.fakes.waha_events import Party
from tests.support.borders import hidden_in
from tests.support.conversation import speak
from tests.support.estate import beside
from tests.support.waha import waha_channel

PATH = "/api/v1/crm/messages/search"
BIA = Party(phone="5511900000002", lid="100000000000002", name="Bia")
SAID = {
    "promo": "Olá! Vi a promoção de vocês, ainda vale?",
    "não": "Não, não recebi o orçamento",
    "pães": "Quero dois pães e um café, por favor",
    "order": "Hi, is my order #4512 shipping today? Obrigado!",
    "site": "Está em https://loja.example.com/produtos/azul-marinho?id=7",
    "valor": "O total é R$ 1.250,50 - pode ser no cartão?",
    "html": "<b>desconto</b> & 'aspas' \"duplas\"",
    "longa": "bom " * 80 + "agora sim o endereço " + "fim " * 80,
}


@pytest.fixture
def said(world, channel):
    """What Ana said, by a name for each; the last of them last."""
    now = int(world.now().timestamp()) - 60
    return {
        name: str(speak(world, channel, text, timestamp=now + place).message_id)
        for place, (name, text) in enumerate(SAID.items())
    }


@pytest.fixture
def find(api, tenant, said):
    """What a search finds, by the names of what was said."""
    names = {each: name for name, each in said.items()}

    def search(query, **more):
        answer = api.post(PATH, {"query": query, **more}, as_=tenant.viewer)
        assert answer.status_code == 200, answer.text
        return [names.get(each["id"], each["text"]) for each in answer.json["data"]]

    return search


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("promoção", ["promo"]),
        ("promocao", ["promo"]),
        ("PROMOCOES", ["promo"]),
        ("promoções", ["promo"]),
        ("nao", ["não"]),
        ("NÃO", ["não"]),
        ("na\u0303o", ["não"]),
        ("orcamentos", ["não"]),
        ("pao", ["pães"]),
        ("pão cafe", ["pães"]),
        ("cafés pão", ["pães"]),
        ("order", ["order"]),
        ("4512", ["order"]),
        ("#4512", ["order"]),
        ("obrigada", ["order"]),
        ("shipping obrigado", ["order"]),
        ("example", ["site"]),
        ("azul marinho", ["site"]),
        ("azul-marinho", ["site"]),
        ("https://loja.example.com", ["site"]),
        ("1.250,50", ["valor"]),
        ("desconto", ["html"]),
        ("de", ["promo"]),
        ("o", ["longa", "valor", "não"]),
        ("fim endereço", ["longa"]),
        ("ninguém", []),
        ("promoção orçamento", []),
        ('"dois pães"', ["pães"]),
        ("“dois paes”", ["pães"]),
        ('"pães dois"', []),
        ('"vi a promocao"', ["promo"]),
        ("promoção or orçamento", ["não", "promo"]),
        ("promocao OR pão or vale", ["pães", "promo"]),
        ("o -cartao", ["longa", "não"]),
        ('o -"pode ser"', ["longa", "não"]),
        ("-promoção", []),
    ],
)
def test_words_are_found_whatever_their_accents_and_endings(find, query, names):
    assert find(query) == names


@pytest.mark.parametrize(
    "query",
    [
        "'; drop table messages --",
        "' | ! & <-> ()",
        "promocao' & 'x",
        "promo:*",
        "!!!",
        "%",
        "_",
        "\\",
        "\\'",
        '"',
        "- - -",
        ":wanted",
        "$1",
        "👍",
        "\u202e",
        "\x01",
        "((((" * 50,
        "e" * 200,
        "or or or",
        "or",
    ],
)
def test_nothing_that_is_typed_is_an_error(find, query):
    assert set(find(query)) <= set(SAID)


def test_the_latest_come_first_and_pages_follow_each_other(api, tenant, world, channel, said):
    now = int(world.now().timestamp()) - 30
    more = [str(speak(world, channel, f"recado {number}", timestamp=now + number).message_id) for number in range(5)]
    seen, cursor = [], None
    for _ in range(3):
        page = api.post(PATH, {"query": "recados", "limit": 2, "cursor": cursor}, as_=tenant.viewer).json
        seen += [each["id"] for each in page["data"]]
        cursor = page["paging"]["next"]
    assert (seen, cursor) == (more[::-1], None)
    back = api.post(PATH, {"query": "recados", "limit": 2, "cursor": page["paging"]["previous"]}, as_=tenant.viewer)
    assert [each["id"] for each in back.json["data"]] == more[::-1][2:4]


def snippet(api, tenant, query):
    (found,) = api.post(PATH, {"query": query}, as_=tenant.viewer).json["data"]
    pieces = found["snippet"]
    assert "".join(piece["text"] for piece in pieces) in found["text"]
    return [piece["text"] for piece in pieces if piece["match"]], pieces


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("promocoes", ["promoção"]),
        ("nao", ["Não", "não"]),
        ('"dois paes" cafe', ["dois", "pães", "café"]),
        ("desconto", ["desconto"]),
        ("endereco", ["endereço"]),
        ("valer -cartao", ["vale"]),
    ],
)
def test_the_words_are_marked_where_they_stand(api, tenant, said, query, marked):
    assert snippet(api, tenant, query)[0] == marked


def test_a_snippet_is_text_and_short(api, tenant, said):
    assert snippet(api, tenant, "aspas")[1] == [
        {"text": "<b>desconto</b> & '", "match": False},
        {"text": "aspas", "match": True},
        {"text": '\' "duplas"', "match": False},
    ]
    assert sum(len(piece["text"]) for piece in snippet(api, tenant, "endereco")[1]) < 300


def test_it_shows_the_message_itself(api, tenant, said):
    (found,) = api.post(PATH, {"query": "orcamento"}, as_=tenant.viewer).json["data"]
    found.pop("snippet")
    assert found == api.get(f"/api/v1/crm/messages/{said['não']}", as_=tenant.viewer).json


def test_it_can_be_narrowed(world, channel, tenant, api, find, said):
    bia = speak(world, channel, "Também não recebi a promoção", customer=BIA)
    assert find("promocao") == ["Também não recebi a promoção", "promo"]
    for of in ("chat_id", "contact_id", "session_id"):
        assert find("promocao", **{of: str(getattr(bia, of))}) == ["Também não recebi a promoção"]
    assert len(find("promocao", channel_id=str(channel.id), direction="inbound", type="text")) == 2
    assert find("promocao", direction="outbound") == []
    assert find("promocao", sender_kind="bot") == []
    assert find("promocao", type="image") == []
    at = api.get(f"/api/v1/crm/messages/{said['promo']}", as_=tenant.viewer).json["sent_at"]
    assert find("promocao", until=at) == []
    assert find("promocao", since=at, until="2999-01-01T00:00:00Z")[-1] == "promo"
    assert find("promocao or recebi", contact_id=str(bia.contact_id)) == ["Também não recebi a promoção"]


def test_captions_are_found(world, channel, find):
    speak(world, channel, "O contrato assinado", kind="document")
    assert find("contratos") == ["O contrato assinado"]


def test_what_was_changed_is_found_by_what_it_says_now(api, tenant, find, spoken):
    body = {"chat_id": str(spoken.chat_id), "text": "Segue a fatura"}
    message = api.post("/api/v1/crm/messages", body, as_=tenant.agent).json["id"]
    assert find("fatura") == ["Segue a fatura"]
    api.patch(f"/api/v1/crm/messages/{message}", {"text": "Segue o boleto"}, as_=tenant.agent)
    assert (find("fatura"), find("boletos"), find("segue")) == ([], ["Segue o boleto"], ["Segue o boleto"])


def test_the_deleted_are_not_found(api, tenant, find, said):
    api.delete(f"/api/v1/crm/messages/{said['promo']}", as_=tenant.admin)
    assert (find("promocao"), find("promocao or ninguem"), find("de")) == ([], [], [])


def test_no_word_of_another_tenant_is_found(world, api, other_tenant, find):
    speak(world, waha_channel(world, api, other_tenant), "só nós dissemos xilofone")
    assert find("xilofone") == find("xilofone or marimba") == []
    theirs = api.post(PATH, {"query": "xilofones"}, as_=other_tenant.viewer).json["data"]
    assert [each["text"] for each in theirs] == ["só nós dissemos xilofone"]


def test_nor_of_another_project(world, api, tenant, find):
    neighbour = beside(world, tenant)
    speak(world, waha_channel(world, api, neighbour), "aqui ao lado há um xilofone")
    assert find("xilofone") == find("xilofone or marimba") == []


@pytest.mark.parametrize("of", ["chat_id", "contact_id", "session_id"])
def test_what_belongs_to_another_tenant_looks_like_what_never_was(api, tenant, said, theirs, of):
    assert hidden_in(api, tenant.admin, "POST", PATH, {"query": "oi"}, of, getattr(theirs, of))


def test_their_channel_too(world, api, tenant, said, theirs):
    channel = world.value("select channel_id from chats where id = :id", id=theirs.chat_id)
    assert hidden_in(api, tenant.admin, "POST", PATH, {"query": "oi"}, "channel_id", channel)


@pytest.mark.parametrize("role", ["admin", "agent", "viewer"])
def test_every_member_may_search(api, tenant, said, role):
    assert len(api.post(PATH, {"query": "nao"}, as_=getattr(tenant, role)).json["data"]) == 1


def test_a_stranger_finds_nothing(api, said):
    assert api.post(PATH, {"query": "nao"}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"query": ""},
        {"query": " \t"},
        {"query": None},
        {"query": ["nao"]},
        {"query": "x" * 201},
        {"query": "nao", "limit": 0},
        {"query": "nao", "limit": 101},
        {"query": "nao", "chat_id": "x"},
        {"query": "nao", "direction": "up"},
        {"query": "nao", "type": "hologram"},
        {"query": "nao", "since": "yesterday"},
        {"query": "nao", "until": "2026-03-01"},
        {"query": "nao", "since": "0001-01-01T00:00:00+14:00"},
        {"query": "nao", "sort": "text"},
    ],
)
def test_what_makes_no_sense_is_refused(api, tenant, body):
    assert api.post(PATH, body, as_=tenant.viewer).status_code == 422


@pytest.mark.parametrize("body", [{"cursor": "x"}, {"query": "a\0"}])
def test_what_cannot_be_read_is_a_400(api, tenant, body):
    assert api.post(PATH, {"query": "nao", **body}, as_=tenant.viewer).status_code == 400
