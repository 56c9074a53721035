"""One good body of every type, without where it goes."""

from typing import Any

FILE = "https://files.example.com/menu"
BODIES: dict[str, dict[str, Any]] = {
    "text": {"type": "text", "text": "Bom dia! https://example.com", "large_preview": True},
    "image": {"type": "image", "url": f"{FILE}.jpg", "caption": "O cardápio"},
    "video": {"type": "video", "url": f"{FILE}.mp4", "as_note": True},
    "voice": {"type": "voice", "url": f"{FILE}.mp3"},
    "audio": {"type": "audio", "url": f"{FILE}.mp3"},
    "document": {"type": "document", "url": f"{FILE}.pdf", "file_name": "cardápio.pdf"},
    "location": {"type": "location", "latitude": -23.5505, "longitude": -46.6333, "name": "Padaria"},
    "contact": {"type": "contact", "contacts": [{"name": "Bia; Lima", "phone": "+5511900000002"}]},
    "poll": {"type": "poll", "question": "Qual bolo?", "options": ["Cenoura", "Fubá"], "multiple_answers": True},
    "list": {
        "type": "list",
        "title": "Cardápio",
        "text": "O que vai ser?",
        "button": "Escolher",
        "sections": [{"title": "Bolos", "rows": [{"id": "c", "title": "Cenoura"}, {"id": "f", "title": "Fubá"}]}],
    },
    "buttons": {
        "type": "buttons",
        "text": "Confirma?",
        "buttons": [{"id": "s", "title": "Sim"}, {"id": "n", "title": "Não"}],
    },
}
