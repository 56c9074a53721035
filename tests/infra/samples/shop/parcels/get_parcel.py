from uuid import UUID

from shared.runtime.http import Role, endpoint
from shared.runtime.query import One, one
from tests.infra.samples.parcels import PARCELS, ParcelView


@endpoint("GET", "/api/v1/sample/parcels/{id}", allow=Role.VIEWER)
def get_parcel(id: UUID) -> One[ParcelView]:
    """Get a parcel."""
    return one(PARCELS, id)
