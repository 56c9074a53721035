"""The messages that are to be sent later."""

from shared.crm.scheduled_messages.view import SCHEDULED_MESSAGES, ScheduledMessageView
from shared.runtime.http import Role, endpoint
from shared.runtime.paging import PageQuery
from shared.runtime.query import Page, page


@endpoint("GET", "/api/v1/crm/messages/scheduled", allow=Role.VIEWER)
def list_scheduled_messages(query: PageQuery, filters: dict[str, str]) -> Page[ScheduledMessageView]:
    """List what was scheduled, the next to go first; `filter[status]=scheduled` leaves out what was sent or not."""
    return page(SCHEDULED_MESSAGES, query, filters)
