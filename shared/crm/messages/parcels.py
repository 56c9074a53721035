"""A message made ready for its provider: all that the call needs, so that no transaction is open meanwhile."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from shared.crm.channels.model import Channel
from shared.crm.media.links import download_url
from shared.crm.media.model import MediaStatus
from shared.crm.media.store import MediaFiles, media_files
from shared.crm.messages.model import Message
from shared.crm.messages.store import Messages, messages
from shared.crm.messages.whereabouts import address_of
from shared.kernel.outbound import Draft
from shared.providers.waha.capabilities import takes_id
from shared.providers.waha.client import Sent, Waha
from shared.providers.waha.ids import new_message_id
from shared.providers.waha.rendering import rendered
from shared.runtime.work import UnitOfWork

GROUP = "@g.us"


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """`draft` is what goes out, in the form the engine sends; `forwards` is the provider's id of what is passed on."""

    message_id: UUID
    channel: Channel
    address: str
    draft: Draft
    forwards: str | None
    external_id: str | None
    reply_to: str | None
    claimed_at: datetime

    def named(self) -> "Parcel":
        """The same under an id of ours, if the engine takes one for it."""
        takes = takes_id(self.channel.engine, self.draft.type, forwarded=self.forwards is not None)
        return replace(self, external_id=new_message_id()) if takes and self.external_id is None else self

    @property
    def lacks_file(self) -> bool:
        """Whether the file that it is about is nowhere: ours was removed, and with it the message's own word of it."""
        return self.forwards is None and self.draft.media is not None and self.draft.media.url is None

    def send(self, waha: Waha) -> Sent:
        if self.forwards:
            return waha.forward(self.address, self.forwards, message_id=self.external_id)
        return waha.send(self.address, self.draft, reply_to=self.reply_to, message_id=self.external_id)


def pack(uow: UnitOfWork, message: Message, channel: Channel) -> Parcel:
    address = address_of(uow, message.chat_id)
    return Parcel(
        message_id=message.id,
        channel=channel,
        address=address,
        draft=rendered(fetchable(uow, message.draft()), channel.engine, group=address.endswith(GROUP)),
        forwards=_provider_id(uow, message.forwarded_from_id),
        external_id=message.external_id,
        reply_to=_provider_id(uow, message.quoted_message_id),
        claimed_at=uow.now,
    )


def fetchable(uow: UnitOfWork, draft: Draft) -> Draft:
    """The draft with a link, good for a while, at which its provider fetches the stored file."""
    if draft.file_id is None or draft.media is None:
        return draft
    file = MediaFiles(uow).first(media_files.c.id == draft.file_id)
    if file is None or file.status is not MediaStatus.STORED or file.sha256 is None:
        return draft
    url = download_url(file.tenant_id, file.sha256, draft.media.file_name)
    return replace(draft, media=replace(draft.media, url=url))


def _provider_id(uow: UnitOfWork, message_id: UUID | None) -> str | None:
    message = Messages(uow).first(messages.c.id == message_id) if message_id else None
    return message.provider_id if message else None
