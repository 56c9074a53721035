"""Old messages from elsewhere."""

from shared.crm.channels.store import Channels
from shared.crm.history.bodies import PastMessages
from shared.crm.history.given import GivenResults, take_given
from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("POST", "/api/v1/crm/messages/import", allow=Role.ADMIN)
def import_messages(uow: UnitOfWork, body: PastMessages) -> GivenResults:
    """Take over old messages, as from another CRM: contacts, chats and sessions, with their own times.

    Each is here once, by its external id, however often it is given; what is here already stays as it is. One that
    cannot be is refused, and the others are kept. Nobody is answered or notified.
    """
    return take_given(uow, Channels(uow).living(body.channel_id), body.messages, media=body.media)
