from shared.crm.channels.events import ChannelRestrictionChanged
from shared.crm.messages.releasing import release
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(ChannelRestrictionChanged)
def release_messages(uow: UnitOfWork, event: ChannelRestrictionChanged) -> None:
    """Let messages that wait for their number to begin chats go as soon as it may again."""
    if event.may_open_chats:
        release(uow, event.channel_id)
