"""The recorded afternoon: six conversations, and what else a provider says meanwhile."""

from infra.demo.cast import ANA, BRUNO, CARLA, DIEGO, ELISA, FABIO, GROUP, GUSTAVO, HELENA
from infra.demo.script import Scribe
from infra.fakes.waha_events import Addressing, Party

LATE_ID = "3EB00FEE1A7E0000000001"


def background() -> Scribe:
    """What nobody wrote: connections, presences, votes, and a kind of event that nobody knows yet."""
    scribe = Scribe("background", "O que mais acontece", "gows", "13:30")
    for channel in ("gows", "noweb", "webjs"):
        scribe.on(channel).status("STARTING").status("WORKING")
    scribe.on("gows").of(ELISA, group="status@broadcast")
    scribe.says("Promoção só hoje! 🍞", 60, kind="image", note="a status: kept, never answered")
    scribe.event("order.created.v9", {"order": {"id": "987", "items": 3}}, "an event that nobody knows yet")
    call = {"id": "A1B2C3", "from": ANA.phone_address, "timestamp": scribe.now, "isVideo": False, "isGroup": False}
    scribe.event("call.received", call, "a call")
    scribe.on("noweb")
    typing = {"participant": BRUNO.phone_address, "lastKnownPresence": "typing", "lastSeen": None}
    scribe.event("presence.update", {"id": BRUNO.phone_address, "presences": [typing]}, "somebody types")
    scribe.event("label.upsert", {"id": "10", "name": "Cliente novo", "color": 14, "colorHex": "#00a0f2"}, "a label")
    news = {"id": "false_123000000000000001@newsletter_AAA", "from": "123000000000000001@newsletter", "fromMe": False}
    told = {**news, "timestamp": scribe.now + 30, "body": "Receita da semana: broa de milho", "hasMedia": False}
    scribe.event("message", told, "a newsletter: kept, never answered")
    scribe.on("webjs")
    vote = {"id": f"false_{ANA.phone_address}_83ACBE60", "from": ANA.phone_address, "selectedOptions": ["Broa"]}
    scribe.event("poll.vote", {"vote": vote, "poll": {"id": "true_1_BAE5"}}, "a vote in a poll that nobody here knows")
    scribe.event("chat.archive", {"id": CARLA.phone_address, "timestamp": scribe.now, "archived": True}, "an archive")
    return scribe


def burst() -> Scribe:
    scribe = Scribe("burst", "Uma rajada com foto", "gows", "13:52", chats=_chats(ANA)).of(ANA)
    scribe.says("Oi, boa tarde! 😊").says("Vi o bolo de vocês no Instagram", 3, repeat=2)
    scribe.says("Quanto custa o de cenoura, igual a este?", 5, kind="image").says("É para sábado, umas 12 pessoas", 4)
    scribe.receipt(3, of=scribe.last_id, mine=False, note="we read it on the phone")
    scribe.acks(1, 2, 3, replies=1)
    scribe.says("Perfeito!", 40, replies=1).says("Vocês entregam em Pinheiros?", 4)
    scribe.acks(1, 2, 3, replies=2)
    scribe.says(None, 50, kind="location", replies=2).says("O endereço é esse aí", 5)
    scribe.acks(1, 2, 3, replies=3)
    scribe.says("Posso pagar no Pix?", 30, replies=3).acks(1, 3, replies=4, note="receipts that skip one")
    scribe.says(None, 90, kind="image", replies=4).says("Segue o comprovante", 6, reply_to=scribe.last_id)
    scribe.acks(1, 2, replies=5)
    return scribe.says("Obrigada!!", 25, replies=5).says(None, 4, kind="sticker").acks(1, 2, 3, replies=6)


def lid() -> Scribe:
    scribe = Scribe("lid", "Primeiro o LID, depois o telefone", "noweb", "14:15", chats=_chats(BRUNO))
    scribe.of(BRUNO, Addressing.LID).says("Boa tarde, tudo bem?", note="the phone is not known yet", repeat=2)
    scribe.says("Vocês fazem torta salgada?", 6, note="the phone is not known yet").acks(1, 2, 3, replies=1)
    scribe.says("De frango tem?", 30, replies=1).acks(1, 2, replies=2)
    scribe.of(BRUNO, Addressing.LID_WITH_PHONE)
    scribe.says("Ótimo, pode anotar: duas de frango", 45, replies=2, note="LID and phone together").acks(
        1, 2, replies=3
    )
    scribe.of(BRUNO).says("Que horas vocês abrem amanhã?", 60, replies=3, note="the phone alone").acks(1, 2, replies=4)
    scribe.says("Beleza, passo aí às 8", 35, replies=4).says(None, 5, kind="vcard")
    return scribe.says("Esse é o meu irmão, ele que vai buscar", 6).acks(1, 2, 3, replies=5)


def takeover() -> Scribe:
    scribe = Scribe("takeover", "A dona assume pelo celular", "webjs", "14:41", tenants="a", chats=_chats(CARLA))
    scribe.of(CARLA).says("Boa tarde! Fiz um pedido ontem, número 1032", event="message")
    scribe.says("Ainda não chegou 😕", 5, event="message").acks(1, 2, 3, replies=1)
    hello = "Oi Carla, aqui é a Rita, a dona da padaria."
    scribe.owner(hello, 40, replies=1, note="the owner takes over, on the phone", repeat=2)
    first = scribe.last_id
    scribe.owner("Falei com o entregador, ele já está na sua rua.", 8)
    scribe.receipt(2, of=first, body=hello).receipt(3, of=first, body=hello)
    scribe.says("Oi Rita! Que bom, obrigada", 30, event="message", note="the bot keeps silent")
    scribe.says("E quanto custa o bolo de cenoura?", 12, event="message", note="the bot keeps silent")
    scribe.owner("R$ 45, Carla. E hoje vai um brinde 😉", 25)
    scribe.says("Chegou! Está tudo certinho", 90, event="message")
    scribe.says("Olha que lindo!", 10, kind="image", event="message")
    return scribe.owner("Que bom! Bom apetite 🧡", 30).receipt(3, of=scribe.last_id, body="Que bom! Bom apetite 🧡")


def voice() -> Scribe:
    scribe = Scribe("voice", "Só áudio", "webjs", "15:08", tenants="a", chats=_chats(DIEGO)).of(DIEGO)
    scribe.says(None, kind="voice", event="message", repeat=2).says(None, 9, kind="voice", event="message")
    scribe.acks(1, 2, 3, replies=1)
    scribe.says(None, 40, kind="voice", event="message", replies=1).acks(1, 2, 3, replies=2)
    scribe.says("Prefiro falar com um atendente, por favor", 30, event="message", replies=2)
    scribe.acks(1, 2, 3, replies=3)
    scribe.says(None, 20, kind="voice", event="message", replies=3, note="a person was asked for: the bot keeps silent")
    scribe.owner(None, 45, kind="voice").receipt(2, of=scribe.last_id).receipt(4, of=scribe.last_id, note="played")
    return scribe.says("Era isso mesmo, obrigado!", 25, event="message")


def group() -> Scribe:
    scribe = Scribe("group", "Um grupo", "gows", "15:30", chats=[GROUP])
    _in_group(scribe, ELISA).says("Gente, quem quer pão de queijo amanhã?")
    asked = scribe.last_id
    _in_group(scribe, FABIO).says("Eu quero 20", 15)
    _in_group(scribe, GUSTAVO).says("10 pra mim", 8, reply_to=asked)
    _in_group(scribe, ANA).says("Também quero! 15", 12, reply_to=asked, note="Ana writes on her own, too")
    _in_group(scribe, ELISA).says("Olhem a fornada de hoje", 20, kind="image")
    _in_group(scribe, FABIO).says(None, 6, kind="sticker")
    _in_group(scribe, GUSTAVO).says(None, 9, kind="voice")
    _in_group(scribe, ANA).says("E quanto custa o cento do pão de queijo?", 15, note="no bot answers in a group")
    joined = [{"id": f"{HELENA.lid}@lid", "role": "participant"}]
    news = {"group": {"id": GROUP}, "type": "join", "timestamp": scribe.now * 1000, "participants": joined}
    scribe.event("group.v2.participants", news, "somebody joins", 5)
    scribe.owner("R$ 60 o cento, pessoal. Entrego às 8h.", 20)
    price = scribe.last_id
    for level, reader in ((2, ELISA), (2, FABIO), (3, FABIO), (3, ELISA), (2, ANA), (3, GUSTAVO)):
        scribe.receipt(level, of=price, reader=reader, note=f"receipt {level} of {reader.name}")
    return _in_group(scribe, ELISA).says("Fechado! 🙌", 15, reply_to=price)


def acks() -> Scribe:
    scribe = Scribe("acks", "Tudo repetido e fora de ordem", "noweb", "15:55", chats=_chats(HELENA)).of(HELENA)
    scribe.says("Oi! Vocês abrem no domingo?", beside=True, repeat=3, note="delivered three times")
    scribe.acks(3, 2, 1, replies=1, note="reversed receipts")
    scribe.says("E quanto custa o pão de queijo?", 30, beside=True, replies=1)
    scribe.acks(1, 3, 2, 3, replies=2, note="mixed receipts")
    scribe.says("Quero dois pacotes", 40, beside=True, replies=2).says("e um café", 12, beside=True)
    scribe.says("de 500 g, tá?", 2, late=13, note="written before the coffee, delivered after it")
    scribe.acks(2, 1, replies=3, note="reversed receipts")
    scribe.receipt(3, 60, of=LATE_ID, note="a receipt before its message", repeat=2, replies=3)
    scribe.owner("Oi Helena, separei tudo para você!", 4, message_id=LATE_ID, repeat=2, note="its message")
    scribe.receipt(2, of=LATE_ID, note="an older receipt changes nothing").receipt(1, of=LATE_ID)
    thumb = {"text": "👍", "messageId": f"true_{HELENA.phone_address}_{LATE_ID}"}
    told = {"id": f"false_{HELENA.phone_address}_3EB0AA00AA00", "from": HELENA.phone_address, "fromMe": False}
    reaction = {**told, "timestamp": scribe.now, "source": "app", "reaction": thumb}
    scribe.event("message.reaction", reaction, "a reaction", 8, repeat=2)
    return scribe.says("Maravilha, até domingo!", 20, beside=True, repeat=2, note="delivered twice")


def _chats(customer: Party) -> list[str]:
    """The addresses a reply to the customer may go to."""
    return [customer.phone_address, f"{customer.lid}@lid"]


def _in_group(scribe: Scribe, writer: Party) -> Scribe:
    return scribe.of(writer, Addressing.LID_WITH_PHONE, GROUP)


SCENES = (background, burst, lid, takeover, voice, group, acks)
