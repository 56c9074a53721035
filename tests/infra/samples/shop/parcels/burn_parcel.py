from uuid import UUID

from shared.runtime.http import Role, endpoint
from shared.runtime.work import UnitOfWork


@endpoint("DELETE", "/api/v1/sample/parcels/{id}", allow=Role.ADMIN, status=204)
def burn_parcel(uow: UnitOfWork, id: UUID) -> None:
    """Burn a parcel."""
    uow.session.get_one(object, id)
