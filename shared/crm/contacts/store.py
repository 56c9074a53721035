"""Where contacts are kept and how they are found."""

from shared.crm.contacts.model import Contact
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

contacts = map_aggregate(Contact, "contacts")


class Contacts(Repository[Contact]):
    kind = Contact
