"""Where sessions are kept and how they are found."""

from shared.crm.sessions.model import Session
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

sessions = map_aggregate(Session, "sessions")


class Sessions(Repository[Session]):
    kind = Session
