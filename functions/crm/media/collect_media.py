from shared.crm.media.collecting import collect
from shared.crm.media.model import Priority
from shared.crm.messages.events import MessageMediaAnnounced, MessageMediaSent
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(MessageMediaAnnounced, MessageMediaSent)
def collect_media(uow: UnitOfWork, event: MessageMediaAnnounced | MessageMediaSent) -> None:
    """Have the file of a message that just came fetched at once, and behind those what was sent from an address."""
    priority = Priority.IMPORT if isinstance(event, MessageMediaSent) else Priority.LIVE
    collect(uow, [event.message_id], priority)
