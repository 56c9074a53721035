"""Where messages are kept and how they are found."""

from shared.crm.messages.model import Message
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

messages = map_aggregate(Message, "messages")


class Messages(Repository[Message]):
    kind = Message
