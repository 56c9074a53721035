from uuid import UUID

from pydantic import Field

from shared.kernel.ids import uuid7
from shared.kernel.values import PhoneNumber
from shared.runtime.http import Role, endpoint
from shared.runtime.parsing import Body
from shared.runtime.query import One, one
from shared.runtime.work import UnitOfWork
from tests.infra.samples.parcels import PARCELS, ParcelView, Size


class Item(Body):
    sku: str = Field(pattern=r"^[A-Z]{3}-\d+$", examples=["ABC-1"])
    amount: int = Field(1, ge=1, le=9)


class NewParcel(Body):
    label: str = Field(min_length=1, max_length=40, description="What stands on it.")
    size: Size
    items: list[Item] = Field(min_length=1)
    call: PhoneNumber
    note: str | None = Field(None, examples=["fragile"])
    shelf_id: UUID | None = None


@endpoint("POST", "/api/v1/sample/parcels", allow=Role.AGENT, status=201)
def pack_parcel(uow: UnitOfWork, body: NewParcel) -> One[ParcelView]:
    """Pack a parcel.

    Its label need not be unique.
    """
    uow.session.add(body)
    return one(PARCELS, uuid7())
