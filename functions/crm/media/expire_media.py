from shared.crm.contacts.events import ContactDeleted, ContactRestored
from shared.crm.media.removing import expire_of_contact
from shared.runtime.consume import consumer
from shared.runtime.work import UnitOfWork


@consumer(ContactDeleted, ContactRestored)
def expire_media(uow: UnitOfWork, event: ContactDeleted | ContactRestored) -> None:
    """Let a deleted contact's files go with them a month later, unless they come back."""
    expire_of_contact(uow, event.contact_id)
