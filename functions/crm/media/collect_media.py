from shared.crm.media.collecting import collect
from shared.crm.messages.events import MessageMediaAnnounced
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(MessageMediaAnnounced)
def collect_media(uow: UnitOfWork, event: MessageMediaAnnounced) -> None:
    """Have the file of a message that just came fetched at once."""
    collect(uow, [event.message_id])
