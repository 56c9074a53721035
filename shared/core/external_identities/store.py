"""Where the identities of outside issuers are kept."""

from shared.core.external_identities.model import ExternalIdentity
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

external_identities = map_aggregate(ExternalIdentity, "external_identities")


class ExternalIdentities(Repository[ExternalIdentity]):
    kind = ExternalIdentity

    def remove(self, link: ExternalIdentity) -> None:
        self.uow.session.delete(link)
