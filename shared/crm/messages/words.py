"""A message as a line of text."""

from collections.abc import Iterable

from shared.crm.messages.model import Message
from shared.kernel.inbound import MessageType


def in_words(message: Message) -> str:
    """The message as a line of text: what was written, behind a placeholder for what was not."""
    parts = [_placeholder(message), message.text or ""]
    return " ".join(part for part in parts if part)


def all_in_words(messages: Iterable[Message]) -> str:
    """Messages as one line of text."""
    return " ".join(line for line in map(in_words, messages) if line)


_PLACEHOLDERS = {
    MessageType.IMAGE: "imagem",
    MessageType.AUDIO: "áudio",
    MessageType.VOICE: "áudio",
    MessageType.VIDEO: "vídeo",
    MessageType.DOCUMENT: "documento",
    MessageType.STICKER: "figurinha",
    MessageType.LOCATION: "localização",
    MessageType.CONTACT: "contato",
    MessageType.POLL: "enquete",
    MessageType.LIST: "lista",
    MessageType.BUTTONS: "botões",
    MessageType.EVENT: "evento",
    MessageType.UNKNOWN: "mensagem",
}


def _placeholder(message: Message) -> str:
    word = _PLACEHOLDERS.get(message.type)
    if word is None or (message.type is MessageType.UNKNOWN and message.text):
        return ""
    return f"[{' '.join(part for part in (word, _detail(message)) if part)}]"


def _detail(message: Message) -> str:
    if message.media and message.media.duration_seconds is not None:
        minutes, seconds = divmod(message.media.duration_seconds, 60)
        return f"{minutes}:{seconds:02}"
    if message.media and message.type is MessageType.DOCUMENT:
        return message.media.file_name or ""
    if message.location:
        return message.location.name or ""
    return ""
