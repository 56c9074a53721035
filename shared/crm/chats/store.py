"""Where chats are kept and how they are found."""

from shared.crm.chats.model import Chat
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

chats = map_aggregate(Chat, "chats")


class Chats(Repository[Chat]):
    kind = Chat
