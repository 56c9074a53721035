"""Who takes part in the demo: two bakeries with their numbers and rules, and the customers they share."""

from dataclasses import dataclass
from typing import Any

from infra.fakes.waha_events import Party

ANA = Party(phone="5511912345678", lid="100000000000001", name="Ana Souza")
BRUNO = Party(phone="5521987654321", lid="100000000000002", name="Bruno Lima")
CARLA = Party(phone="5531998761234", lid="100000000000003", name="Carla Dias")
DIEGO = Party(phone="5541995551234", lid="100000000000004", name="Diego Nunes")
ELISA = Party(phone="5511977770005", lid="100000000000005", name="Elisa Prado")
FABIO = Party(phone="5511977770006", lid="100000000000006", name="Fábio Reis")
GUSTAVO = Party(phone="5511977770007", lid="100000000000007", name="Gustavo Melo")
HELENA = Party(phone="5571988880008", lid="100000000000008", name="Helena Rocha")
GROUP = "120363000000000001@g.us"

# The number behind each channel, as the recording has it; the second bakery's are put in its place when it is played.
NUMBERS = {
    "gows": Party(phone="5511900010001", lid="200000000000001", name="Padaria"),
    "noweb": Party(phone="5511900010002", lid="200000000000002", name="Padaria"),
    "webjs": Party(phone="5511900010003", lid="200000000000003", name="Padaria"),
}


@dataclass(frozen=True, kw_only=True)
class Company:
    """A tenant of the demo. `digits` take the place of the recorded ones in its own numbers."""

    key: str
    name: str
    admin: str
    digits: tuple[str, str]
    rules: dict[str, Any]

    def own(self, channel: str) -> Party:
        number = NUMBERS[channel]
        return Party(phone=self.spell(number.phone), lid=number.lid, name=self.name)

    def spell(self, text: str) -> str:
        return text.replace(*self.digits)


def _rules(cake: str, bread: str, fee: str, pix: str) -> dict[str, Any]:
    said = {
        "quero, anotar": "Anotado! Mais alguma coisa?",
        "cenoura": f"O bolo de cenoura com cobertura de chocolate serve 12 pessoas e custa {cake}. Quer um?",
        "pão de queijo": f"O pacote de 500 g de pão de queijo congelado custa {bread}.",
        "entregam, entrega": f"Entregamos em até 5 km, das 9h às 17h; a taxa é de {fee}.",
        "endereço": "Anotei o endereço, obrigada! Fica dentro da nossa área de entrega.",
        "pix": f"Claro! A chave do Pix é {pix}. Depois é só mandar o comprovante.",
        "comprovante": "Recebido, obrigada! Seu pedido está confirmado.",
        "pedido, encomenda": "Um momento, vou verificar o seu pedido.",
        "torta, tortas": "Fazemos sim! A torta salgada serve 10 pessoas e fica pronta em um dia.",
        "frango": "Temos de frango com requeijão, de palmito e de carne-seca.",
        "abrem, horário, domingo": "Abrimos de segunda a sábado das 7h às 19h, e domingo das 8h às 12h.",
        "irmão": "Combinado! Deixamos separado no nome dele.",
    }
    keywords = [{"words": words.split(", "), "reply": reply} for words, reply in said.items()]
    return {"keywords": keywords}


COMPANIES = (
    Company(
        key="a",
        name="Padaria Aurora",
        admin="Rita Campos",
        digits=("55119000", "55119000"),
        rules=_rules("R$ 45", "R$ 22", "R$ 8", "pix@aurora.example"),
    ),
    Company(
        key="b",
        name="Confeitaria Estrela",
        admin="Otávio Pires",
        digits=("55119000", "55119555"),
        rules=_rules("R$ 62", "R$ 28", "R$ 12", "pix@estrela.example"),
    ),
)
