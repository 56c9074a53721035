"""How much was said with a contact."""

from uuid import UUID

from shared.crm.contacts.stats import CONTACT_STATS, ContactStatsView
from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one


@endpoint("GET", "/api/v1/crm/contacts/{contact_id}/stats", allow=Role.VIEWER)
def get_contact_stats(contact_id: UUID) -> One[ContactStatsView]:
    """Count the sessions and messages of a contact on all channels, and show when the last ones were."""
    return one(CONTACT_STATS, contact_id)
